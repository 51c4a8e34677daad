export { supportConfig } from './support.config.js';
export * from './support.errors.js';
export { SupportModule } from './support.module.js';
export { autoEndTimeoutChats } from './tasks/auto-end-timeout-chats.task.js';
export { cleanupLongInactiveChats } from './tasks/cleanup-long-inactive-chats.task.js';
export { processCustomerServiceQueue } from './tasks/process-customer-service-queue.task.js';
export { sendTimeoutWarnings } from './tasks/send-timeout-warnings.task.js';
