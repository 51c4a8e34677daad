export { databaseConfig } from './database.config.js';
export { DatabaseModule } from './database.module.js';
export { dataSourceOptions } from './data-source-options.js';
export { loadMigrations, runMigrations } from './migrations.js';
export { migrationsFolder } from './migrations-folder.js';
export { isDuplicateKey, isLockConflict, Transactions } from './transactions.js';
export type { Transaction } from './transactions.js';
export { databaseAddress, tryDatabase } from './wait-for-database.js';
