/**
 * A worker that runs nothing but the periodic tasks of a test (`TEST_TASKS`, declarations as JSON). Each run writes a
 * row into `test_executions`, which refuses nothing: so it shows what was really done, past the engine's own books.
 */
import 'reflect-metadata';
import { Inject, Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

// Before anything that may take its time.
process.on('disconnect', () => process.exit(0));

/** @param {string} path below the built sources */
const load = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);

const { configDefinitions } = await load('app.config.js');
const { ConfigModule, loadProcessConfig } = await load('platform/config/index.js');
const { DatabaseModule, Transactions } = await load('platform/database/index.js');
const { createPinoLogger, NestPinoLogger } = await load('platform/logging/index.js');
const { MetricsModule } = await load('platform/metrics/index.js');
const { stopOnSignal } = await load('platform/process/index.js');
const { RedisModule } = await load('platform/redis/index.js');
const { RunsTask } = await load('platform/schedule/index.js');
const { TimeModule } = await load('platform/time/index.js');
const { WorkModule } = await load('platform/work/index.js');
const { forgetSlots } = await load('modules/scheduler/index.js');
const { SchedulerWorkerModule } = await load('modules/scheduler/scheduler.worker.module.js');

/** @type {any[]} */
const tasks = JSON.parse(process.env['TEST_TASKS'] ?? '[]');

/** @param {any} task */
function handlerOf(task) {
  class TestHandler {
    /** @param {any} transactions */
    constructor(transactions) {
      this.transactions = transactions;
    }

    /** @param {{ dueAt: Date, attempt: number }} run */
    async run({ dueAt, attempt }) {
      await this.transactions.single.query(
        `INSERT INTO test_executions (task, due_at, attempt, pid, at) VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3))`,
        [task.name, dueAt, attempt, process.pid],
      );
      return { done: 1 };
    }
  }
  Injectable()(TestHandler);
  Inject(Transactions)(TestHandler, undefined, 0);
  RunsTask(task)(TestHandler);
  return TestHandler;
}

class ScheduleWorkerModule {}
const app = await NestFactory.createApplicationContext(
  {
    module: ScheduleWorkerModule,
    imports: [
      ConfigModule.forRoot(loadProcessConfig(configDefinitions), configDefinitions),
      TimeModule,
      WorkModule,
      DatabaseModule.forRoot(),
      RedisModule,
      MetricsModule,
      SchedulerWorkerModule.forTasks([forgetSlots, ...tasks]),
    ],
    providers: tasks.map(handlerOf),
  },
  { logger: new NestPinoLogger(createPinoLogger('info', 'worker')), abortOnError: false },
);
stopOnSignal(() => app.close());
process.send?.('ready');
