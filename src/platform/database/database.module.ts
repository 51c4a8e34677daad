import { type DynamicModule, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { ConfigOf } from '../config/index.js';
import { BatchTransactions } from './batch-transactions.js';
import { BulkTransactions } from './bulk-transactions.js';
import { databaseConfig } from './database.config.js';
import { DatabaseProbe } from './database-probe.js';
import { dataSourceOptions } from './data-source-options.js';
import { loadMigrations } from './migrations.js';
import { migrationsFolder } from './migrations-folder.js';
import { READ_COMMITTED, Transactions } from './transactions.js';

/** The one connection pool of the process. */
@Module({})
export class DatabaseModule implements OnApplicationBootstrap {
  constructor(private readonly dataSource: DataSource) {}

  static forRoot(): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      imports: [
        TypeOrmModule.forRootAsync({
          inject: [databaseConfig.token],
          useFactory: async (config: ConfigOf<typeof databaseConfig>) => ({
            ...dataSourceOptions(config),
            migrations: await loadMigrations(migrationsFolder()),
            autoLoadEntities: true,
            retryAttempts: 0,
          }),
          dataSourceFactory: async (options) => {
            if (!options) throw new Error('No data source options.');
            return useReadCommitted(await new DataSource(options).initialize());
          },
        }),
      ],
      providers: [Transactions, BatchTransactions, BulkTransactions, DatabaseProbe],
      exports: [Transactions, BatchTransactions, BulkTransactions, DatabaseProbe],
    };
  }

  /** A process never migrates at boot, and never runs against a schema older than itself. */
  async onApplicationBootstrap(): Promise<void> {
    if (await this.dataSource.showMigrations()) {
      throw new Error(
        'The database schema is older than this build. Run `npm run migrate`, then start again.',
      );
    }
  }
}

interface MysqlPool {
  on(event: 'connection', listener: (connection: { query(sql: string): unknown }) => void): void;
}

async function useReadCommitted(dataSource: DataSource): Promise<DataSource> {
  const { pool } = dataSource.driver as unknown as { pool: MysqlPool };
  pool.on('connection', (connection) => {
    connection.query(READ_COMMITTED);
  });
  // The one connection that TypeORM has opened by now, to ask for the server's version.
  await dataSource.query(READ_COMMITTED);
  return dataSource;
}
