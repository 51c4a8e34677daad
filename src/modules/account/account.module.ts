import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { AuthModule } from '../auth/index.js';
import { ConversationModule } from '../conversation/index.js';
import { AccountErasure } from './account-erasure.service.js';

/** Whole accounts: what belongs to a user in several modules. In the worker it erases sessions and keys. */
@Module({
  imports: [AuditModule, AuthModule, ConversationModule],
  providers: [AccountErasure],
  exports: [AccountErasure, AuthModule],
})
export class AccountModule {}
