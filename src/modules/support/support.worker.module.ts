import { Module } from '@nestjs/common';
import { SupportModule } from './support.module.js';
import { AutoEndTimeoutChats } from './tasks/auto-end-timeout-chats.handler.js';
import { CleanupLongInactiveChats } from './tasks/cleanup-long-inactive-chats.handler.js';
import { ProcessCustomerServiceQueue } from './tasks/process-customer-service-queue.handler.js';
import { SendTimeoutWarnings } from './tasks/send-timeout-warnings.handler.js';

/** The periodic tasks of customer service. */
@Module({
  imports: [SupportModule],
  providers: [
    ProcessCustomerServiceQueue,
    SendTimeoutWarnings,
    AutoEndTimeoutChats,
    CleanupLongInactiveChats,
  ],
})
export class SupportWorkerModule {}
