export { currentLogFields, withLogFields } from './log-context.js';
export { redactText, showRedacted } from './redaction.js';
export { createPinoLogger, NestPinoLogger } from './logger.js';
