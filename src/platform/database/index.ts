export { afterPlace } from './after-place.js';
export { BatchTransactions } from './batch-transactions.js';
export type { BatchTransaction, Statement } from './batch-transactions.js';
export { BULK_NULL, bulkText, decodeRows } from './bulk-rows.js';
export { BulkTransactions, LoadRefusedError, RowsAlteredError } from './bulk-transactions.js';
export type { BulkPath, BulkSession, BulkTable, BulkTransaction } from './bulk-transactions.js';
export { databaseConfig } from './database.config.js';
export { DatabaseModule } from './database.module.js';
export { DatabaseProbe } from './database-probe.js';
export { migrateDatabase } from './migrations.js';
export {
  isDatabaseAway,
  isDataRefusal,
  isDuplicateKey,
  isFeatureAbsent,
  isRightMissing,
  isServerRefusal,
  isTimeLimitExceeded,
} from './database-errors.js';
export { TimedReads } from './timed-reads.js';
export { Transactions } from './transactions.js';
export type { Transaction } from './transactions.js';
export { databaseAddress, tryDatabase } from './wait-for-database.js';
