export { logLevels } from './domain/log-line.js';
export type { LogLevel, LogLine } from './domain/log-line.js';
export type {
  Acknowledgement,
  IntakeFate,
  IntakeReceipt,
  IntakeRequest,
  IntakeSource,
} from './domain/intake.js';
export { logBacklogFull, logQueueUnavailable } from './logs.errors.js';
export { logsStored } from './events/logs-stored.event.js';
export { LogIntake } from './log-intake.service.js';
export { logQueryConfig } from './query/log-query.config.js';
export { LogQueryModule } from './query/log-query.module.js';
