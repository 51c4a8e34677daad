import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import type { ConfigOf } from '../config/index.js';
import { databaseConfig } from './database.config.js';

/**
 * Asks the database on a connection apart from the pool, so that the answer says how the database is and not
 * how busy the pool is. A connection that fails or is late is thrown away; the next question opens another.
 */
@Injectable()
export class DatabaseProbe implements OnApplicationShutdown {
  private connecting: Promise<Connection> | undefined;

  constructor(@Inject(databaseConfig.token) private readonly config: ConfigOf<typeof databaseConfig>) {}

  /**
   * Runs one read. Connecting and asking may each take `timeoutMs`.
   * @throws the driver's error, also when the time is up.
   */
  async query<Row>(sql: string, timeoutMs: number, parameters: readonly unknown[] = []): Promise<Row[]> {
    const attempt = (this.connecting ??= this.connect(timeoutMs));
    try {
      const connection = await attempt;
      const [rows] = await connection.query<RowDataPacket[]>({
        sql,
        timeout: timeoutMs,
        values: [...parameters],
      });
      return rows as Row[];
    } catch (error) {
      this.discard(attempt);
      throw error;
    }
  }

  onApplicationShutdown(): void {
    if (this.connecting) this.discard(this.connecting);
  }

  private async connect(timeoutMs: number): Promise<Connection> {
    const connection = await createConnection({
      uri: this.config.url,
      timezone: 'Z',
      connectTimeout: timeoutMs,
    });
    // An idle connection that the server closes reports it as an event; the next question finds out.
    connection.on('error', () => undefined);
    return connection;
  }

  private discard(attempt: Promise<Connection>): void {
    if (this.connecting === attempt) this.connecting = undefined;
    attempt.then(
      (connection) => connection.destroy(),
      () => undefined,
    );
  }
}
