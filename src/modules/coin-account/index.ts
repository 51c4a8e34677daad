export { CoinAccountModule } from './coin-account.module.js';
export { CoinAccountService } from './coin-account.service.js';
export type { AccountBalances, JournalPage } from './coin-account.service.js';
export * from './coin-account.errors.js';
export type { Hold, HoldStatus } from './domain/hold.js';
export type { EntryKind, JournalEntry } from './domain/journal.js';
export type { Balances, GrantReason, GrantResult, PenaltyResult } from './domain/ledger.js';
