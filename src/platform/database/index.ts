export { databaseConfig } from './database.config.js';
export { DatabaseModule } from './database.module.js';
export { DatabaseProbe } from './database-probe.js';
export { migrateDatabase } from './migrations.js';
export { isDatabaseAway, isDuplicateKey, isServerRefusal } from './database-errors.js';
export { Transactions } from './transactions.js';
export type { Transaction } from './transactions.js';
export { databaseAddress, tryDatabase } from './wait-for-database.js';
