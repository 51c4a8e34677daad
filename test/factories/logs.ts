import type { INestApplicationContext } from '@nestjs/common';
import { Redis } from 'ioredis';
import { type LogLine, LogAccounting, LogIntake } from '../../src/modules/logs/index.js';
import { LogStoreRepository } from '../../src/modules/logs/store/log-store.repository.js';
import { LogWriters } from '../../src/modules/logs/writers/log-writers.js';
import { Transactions } from '../../src/platform/database/index.js';
import { newId } from '../../src/shared/ids.js';
import { pauseSchedules } from './paused-schedules.js';
import { createTestApp, type TestApp } from './test-app.js';
import { createTestWorker } from './test-worker.js';

/** An API that takes logs in, and a worker whose writers write when the test says so. */
export class TestLogs {
  readonly redis: Redis;

  private constructor(
    readonly test: TestApp,
    readonly worker: INestApplicationContext,
  ) {
    this.redis = new Redis(test.environment['LOCKKEEPER_REDIS_URL'] ?? '');
    this.redis.on('error', () => undefined);
  }

  /** `workerSettings` differ from the API's where the worker gets to the servers another way. */
  static async create(
    settings: Record<string, string> = {},
    workerSettings: Record<string, string> = {},
  ): Promise<TestLogs> {
    const test = await createTestApp(settings);
    // A periodic task that meets a full Redis would have the writers think it away before they have asked.
    await pauseSchedules(test.environment);
    const worker = await createTestWorker({
      ...test.environment,
      LOCKKEEPER_LOGS_WRITERS: '0',
      ...workerSettings,
    });
    return new TestLogs(test, worker);
  }

  get intake(): LogIntake {
    return this.test.app.get(LogIntake);
  }

  get accounting(): LogAccounting {
    return this.test.app.get(LogAccounting);
  }

  get store(): LogStoreRepository {
    return this.worker.get(LogStoreRepository, { strict: false });
  }

  /** A writer of its own name that writes one batch at a time. */
  writer(index = 0) {
    return this.worker.get(LogWriters, { strict: false }).create(index);
  }

  async accept(lines: readonly LogLine[], ack: 'queued' | 'stored' = 'queued') {
    return this.intake.accept({ lines, ack, source: 'ndjson' });
  }

  /** Writes until nothing waits. @returns how many lines were stored. */
  async drain(): Promise<number> {
    const { writer } = this.writer();
    for (let lines = 0; ;) {
      const written = await writer.writeOnce(1);
      if (!written) return lines;
      lines += written.storedLines;
    }
  }

  sql<T = Record<string, unknown>[]>(statement: string, ...values: unknown[]): Promise<T> {
    return this.worker.get(Transactions).single.query(statement, values);
  }

  /** The stored lines of a device, in the order of their ids. */
  stored(deviceId: string) {
    return this.sql<StoredLine[]>(
      `SELECT id, created_at, device_id, log_level, message, log_data, trace_id, span_id FROM logs
       WHERE device_id = ? ORDER BY id`,
      deviceId,
    );
  }

  async close(): Promise<void> {
    this.redis.disconnect();
    await this.worker.close();
    await this.test.close();
  }
}

export interface StoredLine {
  id: string;
  created_at: Date;
  device_id: string;
  log_level: string;
  message: string;
  log_data: string | null;
  trace_id: string | null;
  span_id: string | null;
}

let devices = 0;

/** A device that no other test has. */
export function someDevice(): string {
  return `device-${devices++}-${newId().slice(-12)}`;
}

/** A line as the routes hand it to the intake. */
export function logLine(overrides: Partial<LogLine> = {}): LogLine {
  return {
    id: newId(),
    device_id: 'device',
    log_level: 'INFO',
    message: 'hello',
    log_data: null,
    created_at: Date.now(),
    trace_id: null,
    span_id: null,
    ...overrides,
  };
}

/** So many lines of a device, numbered. */
export function logLines(count: number, deviceId: string): LogLine[] {
  return Array.from({ length: count }, (_, index) =>
    logLine({ device_id: deviceId, message: `line ${index}` }),
  );
}
