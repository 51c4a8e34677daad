import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { findBinaries, type Service, startMariadb } from '../../scripts/lib/services.mjs';
import { loadConfig } from '../../src/platform/config/index.js';
import { databaseConfig, migrateDatabase } from '../../src/platform/database/index.js';

/** A MariaDB of a test's own, flushing each commit, that can be killed and started again with the same data. */
export class OwnMariadb {
  private constructor(
    private readonly directory: string,
    private readonly password: string,
    private readonly settings: Record<string, string>,
    private service: Service,
  ) {}

  /** With the schema of the migrations. */
  static async start(settings: Record<string, string> = {}): Promise<OwnMariadb> {
    const directory = await mkdtemp(join(process.env['TEST_RUN_DIRECTORY'] ?? tmpdir(), 'own-mariadb-'));
    const password = randomBytes(18).toString('hex');
    const mariadb = new OwnMariadb(
      directory,
      password,
      settings,
      await launch(directory, password, settings),
    );
    const config = loadConfig({ LOCKKEEPER_DATABASE_URL: mariadb.url }, [databaseConfig]);
    await migrateDatabase(config.get(databaseConfig));
    return mariadb;
  }

  get url(): string {
    return `mysql://test:${this.password}@127.0.0.1:${this.service.port}/own`;
  }

  /** It takes connections, and answers nothing (SIGSTOP). */
  freeze(): void {
    this.service.process.kill('SIGSTOP');
  }

  thaw(): void {
    this.service.process.kill('SIGCONT');
  }

  /** `kill -9`, and waits for the end. */
  async kill(): Promise<void> {
    this.service.kill();
    await this.service.exited;
  }

  /** An orderly end. */
  async stop(): Promise<void> {
    await this.service.stop(20_000);
    await this.service.exited;
  }

  /** Starts it on the same data and port. */
  async startAgain(): Promise<void> {
    this.service = await launch(this.directory, this.password, this.settings, this.service.port);
  }

  /** Whether it refuses changes to everybody who has no rights over the whole server; as one on a full disk does. */
  setReadOnly(isReadOnly: boolean): Promise<void> {
    return this.runAsRoot(`SET GLOBAL read_only = ${isReadOnly ? 1 : 0}`);
  }

  /** Runs a statement with all rights over the server, which the account in the URL does not have. */
  async runAsRoot(statement: string): Promise<void> {
    // Relative to this process: the path of a socket must stay short.
    const socketPath = relative(process.cwd(), join(this.directory, 'data', 'mysql.sock'));
    const root = await createConnection({ socketPath, user: 'root', password: this.password });
    await root.query(statement);
    await root.end();
  }

  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }
}

function launch(
  directory: string,
  password: string,
  settings: Record<string, string>,
  port?: number,
): Promise<Service> {
  return startMariadb({
    binaries: findBinaries(),
    directory,
    ...(port === undefined ? {} : { port, isPortFixed: true }),
    user: 'test',
    password,
    database: 'own',
    settings: { performance_schema: 'OFF', ...settings },
  });
}
