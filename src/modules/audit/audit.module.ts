import { Module } from '@nestjs/common';
import { AuditLogRepository } from './audit-log.repository.js';
import { AuditLog } from './audit-log.service.js';

@Module({ providers: [AuditLogRepository, AuditLog], exports: [AuditLog] })
export class AuditModule {}
