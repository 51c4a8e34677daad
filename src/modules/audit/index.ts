export { AuditLog } from './audit-log.service.js';
export { AuditModule } from './audit.module.js';
export { reasonSchema } from './domain/audit-entry.js';
export type { Actor, AuditEvent } from './domain/audit-entry.js';
