export { logLevels, MAX_LOG_DATA_CHARACTERS } from './domain/log-line.js';
export type { LogLevel, LogLine } from './domain/log-line.js';
export type {
  Acknowledgement,
  IntakeFate,
  IntakeReceipt,
  IntakeRequest,
  IntakeSource,
} from './domain/intake.js';
export {
  logBacklogFull,
  logEntryTooLarge,
  logQueueUnavailable,
  logStorePending,
  quarantinedLogNotFound,
  quarantinedLogRefused,
} from './logs.errors.js';
export { logIntakeConfig } from './intake/log-intake.config.js';
export { logsConfig } from './logs.config.js';
export { logsStored } from './events/logs-stored.event.js';
export { LogAccounting } from './accounting/log-accounting.service.js';
export type {
  AccountingCheck,
  AccountingReport,
  AccountingVerdict,
} from './accounting/log-accounting.service.js';
export { LogIntake } from './log-intake.service.js';
export { logQueryConfig } from './query/log-query.config.js';
export { LogRetention } from './store/log-retention.js';
export type { RetentionReport } from './store/log-retention.js';
export { LogsModule } from './logs.module.js';
export { retainLogs } from './store/retain-logs.task.js';
