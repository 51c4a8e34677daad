/**
 * A worker of the product with one more kind of task, that of a test. Each run writes a row when it begins and one when it is
 * through into `test_runs`, which refuses nothing: so it shows what was really done, past the product's own books.
 */
import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { z } from 'zod';

// Before anything that may take its time.
process.on('disconnect', () => process.exit(0));

/** @param {string} path below the built sources */
const load = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);

const { configDefinitions } = await load('app.config.js');
const { taskKinds } = await load('app.task-kinds.js');
const { defineTask, DoesTask } = await load('modules/task/index.js');
const { loadProcessConfig } = await load('platform/config/index.js');
const { Transactions } = await load('platform/database/index.js');
const { createPinoLogger, NestPinoLogger } = await load('platform/logging/index.js');
const { stopOnSignal } = await load('platform/process/index.js');
const { WorkerAppModule } = await load('worker-app.module.js');

const kind = defineTask({
  name: process.env['TEST_TASK_KIND'] ?? '',
  queue: 'file_processing',
  payload: z.object({ ms: z.int() }),
  result: z.object({ attempt: z.int() }),
  isPublic: true,
});

class TestHandler {
  /** @param {any} transactions */
  constructor(transactions) {
    this.transactions = transactions;
  }

  /**
   * @param {{ ms: number }} payload
   * @param {{ taskId: string, attempt: number }} run
   */
  async run({ ms }, { taskId, attempt }) {
    await this.note(taskId, attempt, 'begun');
    await delay(ms);
    await this.note(taskId, attempt, 'done');
    return { attempt };
  }

  /**
   * @param {string} taskId
   * @param {number} attempt
   * @param {'begun' | 'done'} what
   */
  async note(taskId, attempt, what) {
    await this.transactions.single.query(
      'INSERT INTO test_runs (task_id, attempt, what, pid) VALUES (?, ?, ?, ?)',
      [taskId, attempt, what, process.pid],
    );
  }
}
Injectable()(TestHandler);
Inject(Transactions)(TestHandler, undefined, 0);
DoesTask(kind)(TestHandler);

class TaskWorkerModule {}
const app = await NestFactory.createApplicationContext(
  {
    module: TaskWorkerModule,
    imports: [WorkerAppModule.forRoot(loadProcessConfig(configDefinitions), [...taskKinds, kind])],
    providers: [TestHandler],
  },
  { logger: new NestPinoLogger(createPinoLogger('warn', 'worker')), abortOnError: false },
);
stopOnSignal(() => app.close());
process.send?.('ready');
