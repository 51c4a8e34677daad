import { Injectable, type OnModuleInit } from '@nestjs/common';
import { SharedMetrics } from '../../platform/metrics/index.js';
import { shownState, storedStates, taskQueueNames, taskStates } from './domain/task.js';
import { LaneRepository, type QueueCounts } from './store/lane.repository.js';

/** Shows Prometheus, at each scrape, how many tasks stand how: it is the same from every process. */
@Injectable()
export class TaskGauges implements OnModuleInit {
  constructor(
    private readonly metrics: SharedMetrics,
    private readonly lanes: LaneRepository,
  ) {}

  onModuleInit(): void {
    this.metrics.register({
      name: 'the tasks',
      gauges: { lockkeeper_tasks: 'Tasks of a queue in a state; ended ones until they expire.' },
      read: () => this.read(),
    });
  }

  private async read() {
    const counts = await this.lanes.countAll();
    return {
      lockkeeper_tasks: taskQueueNames.flatMap((queue) =>
        taskStates.map((state) => ({
          labels: { queue, state },
          value: sumOf(counts.get(queue), state),
        })),
      ),
    };
  }
}

function sumOf(counts: QueueCounts | undefined, state: (typeof taskStates)[number]): number {
  return storedStates
    .filter((stored) => shownState(stored) === state)
    .reduce((total, stored) => total + (counts?.[stored] ?? 0), 0);
}
