import { Injectable, type OnModuleInit } from '@nestjs/common';
import { SharedMetrics } from '../../platform/metrics/index.js';
import { byShownState, taskQueueNames, taskStates } from './domain/task.js';
import { LaneRepository } from './store/lane.repository.js';

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
      lockkeeper_tasks: taskQueueNames.flatMap((queue) => {
        const shown = byShownState(counts.get(queue));
        return taskStates.map((state) => ({ labels: { queue, state }, value: shown[state] }));
      }),
    };
  }
}
