import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { RedisBreaker } from '../../../platform/redis/index.js';
import { taskQueueNames } from '../domain/task.js';
import { LaneRepository } from '../store/lane.repository.js';
import { RunRepository } from '../store/run.repository.js';
import { UpkeepRepository } from '../store/upkeep.repository.js';
import { TaskAdmission } from '../task-admission.service.js';
import { taskConfig } from '../task.config.js';
import { taskWorkerLost } from '../task.errors.js';
import { failureOf } from './run-outcome.js';
import { TaskMetrics } from './task-metrics.js';

const BATCH = 100;
/** How many rounds are between two looks for what is rare: lost runs, lost jobs, expired tasks. */
const ROUNDS_BETWEEN_CARES = 5;

/**
 * Looks, in every worker, for tasks that nothing else moves on: those whose time has come, whose worker has died, that
 * Redis has lost, whose time to be kept is over. Whatever two workers find at once, one does.
 */
@Injectable()
export class TaskKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Tasks');
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private rounds = 0;
  private isStopped = false;
  private isFailing = false;

  constructor(
    private readonly upkeep: UpkeepRepository,
    private readonly lanes: LaneRepository,
    private readonly runs: RunRepository,
    private readonly admission: TaskAdmission,
    private readonly breaker: RedisBreaker,
    private readonly metrics: TaskMetrics,
    @Inject(taskConfig.token) private readonly config: ConfigOf<typeof taskConfig>,
  ) {}

  onApplicationBootstrap(): void {
    this.breaker.onChange((isOpen) => {
      // What was given out before may be lost; what came meanwhile waits.
      if (!isOpen) this.rounds = 0;
    });
    this.arm();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  private arm(): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.round = this.work().finally(() => this.arm());
    }, this.config.pollMs).unref();
  }

  private async work(): Promise<void> {
    try {
      await this.upkeep.promoteDue(BATCH);
      if (this.rounds++ % ROUNDS_BETWEEN_CARES === 0) await this.care();
      for (const queue of await this.lanes.listWaitingQueues()) this.admission.hasten(queue);
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) this.logger.warn('tasks are looked after later', { reason: String(error) });
      this.isFailing = true;
    }
  }

  private async care(): Promise<void> {
    for (const queue of taskQueueNames) {
      for (const run of await this.runs.listLost(queue, this.config.heartbeatTimeoutMs)) {
        const failure = failureOf(taskWorkerLost(), 'worker_lost');
        if (await this.runs.fail(run, failure, run.isLastTry ? 'failed' : 'tried_at_once')) {
          this.metrics.ended(queue, run.name, 'lost');
          this.logger.warn('a worker has died in the middle of a task', { task_id: run.place.id });
        }
      }
      await this.admission.giveAgain(queue, this.config.readmitMs);
    }
    while ((await this.upkeep.forgetExpired(BATCH)) === BATCH && !this.isStopped);
  }
}
