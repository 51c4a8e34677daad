import 'reflect-metadata';
import { type DynamicModule, type INestApplicationContext, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { configDefinitions } from '../../src/app.config.js';
import { forgetSlots } from '../../src/modules/scheduler/index.js';
import { SchedulerWorkerModule } from '../../src/modules/scheduler/scheduler.worker.module.js';
import { HistoryRepository, type SlotRecord } from '../../src/modules/scheduler/store/history.repository.js';
import { ConfigModule, loadConfig } from '../../src/platform/config/index.js';
import { DatabaseModule } from '../../src/platform/database/index.js';
import { MetricsModule } from '../../src/platform/metrics/index.js';
import { RedisModule } from '../../src/platform/redis/index.js';
import {
  definePeriodicTask,
  type PeriodicTask,
  type PeriodicTaskHandler,
  RunsTask,
} from '../../src/platform/schedule/index.js';
import { TimeModule } from '../../src/platform/time/index.js';
import { WorkModule } from '../../src/platform/work/index.js';
import { createTestDatabase, openDatabase } from './test-database.js';
import { createTestRedis } from './test-redis.js';

/** A task with what a test has it do. */
export interface TestTask {
  readonly task: PeriodicTask;
  readonly run: PeriodicTaskHandler['run'];
}

/** A task that is never due by itself, unless the test says when. */
export function testTask(
  name: string,
  run: PeriodicTaskHandler['run'],
  overrides: Partial<PeriodicTask> = {},
): TestTask {
  const task = definePeriodicTask({
    name,
    description: 'Does what a test wants.',
    cron: '0 0 29 2 *',
    priority: 5,
    retries: 0,
    retryDelayMs: 0,
    softLimitMs: 60_000,
    hardLimitMs: 120_000,
    catchUp: { mode: 'latest' },
    ...overrides,
  });
  return { task, run };
}

/** So quick that a test need not wait for a poll, and so patient that a busy machine loses no lease. */
const QUICK = {
  LOCKKEEPER_SCHEDULE_LEASE_MS: '3000',
  LOCKKEEPER_SCHEDULE_POLL_MS: '50',
  LOCKKEEPER_SCHEDULE_PROBE_MS: '200',
  LOCKKEEPER_SCHEDULE_STABLE_MS: '1000',
  LOCKKEEPER_SCHEDULE_RECONCILE_MS: '500',
  LOCKKEEPER_SCHEDULE_GRACE_MS: '1000',
  LOCKKEEPER_SCHEDULE_WATCHDOG_MS: '1000',
  LOCKKEEPER_REDIS_COMMAND_TIMEOUT_MS: '5000',
};

/** Workers that run nothing but periodic tasks, in this process, on a database and a Redis of their own. */
export class ScheduleEngines {
  private readonly apps = new Set<INestApplicationContext>();

  private constructor(
    readonly environment: Record<string, string>,
    readonly database: Awaited<ReturnType<typeof openDatabase>>,
    private readonly drop: () => Promise<void>,
  ) {}

  static async create(settings: Record<string, string> = {}): Promise<ScheduleEngines> {
    const database = await createTestDatabase();
    const environment = {
      NODE_ENV: 'test',
      LOCKKEEPER_DATABASE_URL: database.url,
      LOCKKEEPER_REDIS_URL: settings['LOCKKEEPER_REDIS_URL'] ?? (await createTestRedis()),
      ...QUICK,
      ...settings,
    };
    return new ScheduleEngines(environment, await openDatabase(database.url), () => database.drop());
  }

  /** Starts one more worker, of a version of the product with these tasks. */
  async start(
    tasks: readonly TestTask[],
    settings: Record<string, string> = {},
  ): Promise<INestApplicationContext> {
    const config = loadConfig({ ...this.environment, ...settings }, configDefinitions);
    const root: DynamicModule = {
      module: class TestWorkerModule {},
      imports: [
        ConfigModule.forRoot(config, configDefinitions),
        TimeModule,
        WorkModule,
        DatabaseModule.forRoot(),
        RedisModule,
        MetricsModule,
        SchedulerWorkerModule.forTasks([forgetSlots, ...tasks.map(({ task }) => task)]),
        handlersOf(tasks),
      ],
    };
    const app = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
    this.apps.add(app);
    return app;
  }

  async stop(app: INestApplicationContext): Promise<void> {
    this.apps.delete(app);
    await app.close();
  }

  /** The slots of a task from the newest on. */
  history(task: string): Promise<SlotRecord[]> {
    return new HistoryRepository(this.database).list(task, 1_000);
  }

  query<T>(sql: string, ...values: unknown[]): Promise<T> {
    return this.database.single.query<T>(sql, values);
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.apps].map((app) => app.close()));
    await this.database[Symbol.asyncDispose]();
    await this.drop();
  }
}

function handlersOf(tasks: readonly TestTask[]): DynamicModule {
  const providers = tasks.map(({ task, run }) => {
    class TestHandler implements PeriodicTaskHandler {
      run = run;
    }
    Injectable()(TestHandler);
    RunsTask(task)(TestHandler);
    return TestHandler;
  });
  class TestHandlersModule {}
  Module({})(TestHandlersModule);
  return { module: TestHandlersModule, providers };
}
