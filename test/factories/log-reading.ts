import type { LogLine } from '../../src/modules/logs/index.js';
import { openDatabase } from './test-database.js';
import type { TestApp } from './test-app.js';
import { bearer, createUser } from './users.js';

/** A page as the API gives it. */
export interface LogAnswer {
  status: number;
  code?: string;
  param?: string;
  details?: Record<string, unknown>;
  items: { id: string; message: string; device_id: string; log_level: string }[];
  next_cursor: string | null;
  from: string;
  to: string;
}

export interface DeviceAnswer {
  total: number;
  source: 'cache' | 'database';
  data: Record<string, unknown>[];
}

/** The log of an installation: lines put straight into the table, and the API as an operator asks it. */
export class LogReading {
  private constructor(
    readonly test: TestApp,
    readonly headers: { authorization: string },
    readonly database: Awaited<ReturnType<typeof openDatabase>>,
  ) {}

  static async create(test: TestApp): Promise<LogReading> {
    const operator = await createUser(test, { role: 'operator' });
    const database = await openDatabase(test.environment['LOCKKEEPER_DATABASE_URL'] ?? '');
    return new LogReading(test, bearer(operator.apiKey), database);
  }

  close(): Promise<void> {
    return this.database[Symbol.asyncDispose]() as Promise<void>;
  }

  async store(lines: readonly LogLine[]): Promise<void> {
    await this.database.single.query(
      'INSERT INTO logs (id, created_at, device_id, log_level, message, log_data, trace_id, span_id) VALUES ?',
      [
        lines.map((line) => [
          line.id,
          new Date(line.created_at),
          line.device_id,
          line.log_level,
          line.message,
          line.log_data === null ? null : JSON.stringify(line.log_data),
          line.trace_id,
          line.span_id,
        ]),
      ],
    );
  }

  /** `GET /api/logs` with these filters. */
  async search(filters: Record<string, string | string[]> = {}): Promise<LogAnswer> {
    const answer = await this.get('logs', filters);
    return { status: answer.statusCode, ...answer.json<Omit<LogAnswer, 'status'>>() };
  }

  async messages(filters: Record<string, string | string[]>): Promise<string[]> {
    const { items } = await this.search(filters);
    return items.map(({ message }) => message);
  }

  /** `GET /api/logs/{device_id}`. */
  async device(deviceId: string, limit?: number): Promise<DeviceAnswer> {
    const path = `logs/${encodeURIComponent(deviceId)}`;
    return (await this.get(path, limit === undefined ? {} : { limit: String(limit) })).json();
  }

  /** Anything below `/api`. */
  get(path: string, query: Record<string, string | string[]> = {}) {
    return this.test.app.inject({ url: `/api/${path}`, query, headers: this.headers });
  }
}
