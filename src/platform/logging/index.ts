export { currentLogFields, withLogFields } from './log-context.js';
export { createPinoLogger, NestPinoLogger } from './logger.js';
