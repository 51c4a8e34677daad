import { BullModule } from '@nestjs/bullmq';
import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import type { ConfigOf } from '../config/index.js';
import { DURABLE_REDIS, type RedisClient } from '../redis/index.js';
import type { JobDefinition } from './define-job.js';
import { type QueueDefinition, shardNames } from './define-queue.js';
import { JobQueue, QUEUE_DEFINITIONS } from './job-queue.js';
import { QueueBoard } from './queue-board.js';
import { QueueOperations } from './queue-operations.js';
import { JobMetrics, jobMetricProviders } from './job-metrics.js';
import { JOB_DEFINITIONS, JobWorkers } from './job-workers.js';
import { queueConfig } from './queue.config.js';

/** The queues behind the jobs: for processes that put jobs in, and for those that do them. */
@Module({})
export class QueueModule {
  /** Lets a process enqueue. */
  static forProducers(jobs: readonly JobDefinition[]): DynamicModule {
    const queues = [...new Set(jobs.map((job) => job.queue))];
    return {
      module: QueueModule,
      global: true,
      imports: [DiscoveryModule, bullQueues(queues)],
      providers: [JobQueue, QueueOperations, QueueBoard, { provide: QUEUE_DEFINITIONS, useValue: queues }],
      exports: [JobQueue, QueueOperations, QueueBoard],
    };
  }

  /** Lets a process enqueue and work. The boot fails unless every job has exactly one handler. */
  static forWorkers(jobs: readonly JobDefinition[]): DynamicModule {
    const producers = QueueModule.forProducers(jobs);
    return {
      ...producers,
      providers: [
        ...(producers.providers ?? []),
        ...jobMetricProviders,
        JobMetrics,
        JobWorkers,
        { provide: JOB_DEFINITIONS, useValue: jobs },
      ],
      exports: [JobQueue, JobWorkers],
    };
  }
}

/**
 * BullMQ's queues for adding jobs. All three settings are needed so that an `add` fails at once while Redis
 * is away, also when it was away at start: no offline queue (on the connection), no waiting for ready, no
 * version check. The check for an evicting Redis that goes with the last is made by ours at boot.
 */
function bullQueues(queues: readonly QueueDefinition[]): DynamicModule {
  return BullModule.registerQueueAsync(
    ...queues.flatMap(shardNames).map((name) => ({
      name,
      inject: [DURABLE_REDIS, queueConfig.token],
      useFactory: (connection: RedisClient, config: ConfigOf<typeof queueConfig>) => ({
        connection,
        prefix: config.prefix,
        skipWaitingForReady: true,
        skipVersionCheck: true,
      }),
    })),
  );
}
