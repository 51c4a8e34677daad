import { Module } from '@nestjs/common';
import { AuditLogController } from './audit-log.controller.js';
import { AuditModule } from './audit.module.js';

@Module({ imports: [AuditModule], controllers: [AuditLogController] })
export class AuditHttpModule {}
