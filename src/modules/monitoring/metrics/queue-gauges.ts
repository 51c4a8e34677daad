import { Injectable, type OnModuleInit } from '@nestjs/common';
import { SharedMetrics } from '../../../platform/metrics/index.js';
import { JobQueue } from '../../../platform/queue/index.js';

const shownStates = ['waiting', 'active', 'delayed', 'failed'] as const;

/** Shows Prometheus, at each scrape, how full the queues are. */
@Injectable()
export class QueueGauges implements OnModuleInit {
  constructor(
    private readonly metrics: SharedMetrics,
    private readonly jobs: JobQueue,
  ) {}

  onModuleInit(): void {
    this.metrics.register({
      name: 'the queues',
      gauges: {
        lockkeeper_queue_jobs: 'Jobs of a queue, by state.',
        lockkeeper_queue_oldest_age_seconds:
          'How long the oldest job of a queue has waited to be begun; 0 if none waits.',
        lockkeeper_queue_paused: 'Whether a queue is paused (1) or not (0).',
      },
      read: () => this.readStates(),
    });
    this.metrics.register({
      name: 'the objectives of the queues',
      gauges: {
        lockkeeper_queue_objective_seconds: 'How long a job of a queue may wait before operators are told.',
      },
      read: async () => ({
        lockkeeper_queue_objective_seconds: this.jobs.definitions.map(({ name, objectiveMs }) => ({
          labels: { queue: name },
          value: objectiveMs / 1_000,
        })),
      }),
    });
  }

  private async readStates() {
    const queues = await this.jobs.states();
    return {
      lockkeeper_queue_jobs: queues.flatMap(({ queue, ...counts }) =>
        shownStates.map((state) => ({ labels: { queue: queue.name, state }, value: counts[state] })),
      ),
      lockkeeper_queue_oldest_age_seconds: queues.map(({ queue, oldestWaitingMs }) => ({
        labels: { queue: queue.name },
        value: (oldestWaitingMs ?? 0) / 1_000,
      })),
      lockkeeper_queue_paused: queues.map(({ queue, isPaused }) => ({
        labels: { queue: queue.name },
        value: isPaused ? 1 : 0,
      })),
    };
  }
}
