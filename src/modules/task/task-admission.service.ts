import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { JobQueue } from '../../platform/queue/index.js';
import { RedisAwayError, RedisBreaker } from '../../platform/redis/index.js';
import type { TaskQueueName } from './domain/task.js';
import { jobOfQueue } from './jobs/task-queues.js';
import { AdmissionRepository, type AdmittedTask } from './store/admission.repository.js';
import { taskConfig } from './task.config.js';

/** One queue being admitted to, and whether it is to be looked at once more. */
interface Pass {
  isAgain: boolean;
  done: Promise<void>;
}

/**
 * Gives waiting tasks to the workers: a few of each queue, in fair order. Without Redis nothing is given out, and
 * tasks wait in the database.
 */
@Injectable()
export class TaskAdmission implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Tasks');
  private readonly passes = new Map<TaskQueueName, Pass>();
  private isStopped = false;

  constructor(
    private readonly admissions: AdmissionRepository,
    private readonly jobs: JobQueue,
    private readonly breaker: RedisBreaker,
    @Inject(taskConfig.token) private readonly config: ConfigOf<typeof taskConfig>,
  ) {}

  /**
   * Has it looked, soon and in the background, whether tasks of a queue can be given out. Call it after the commit of
   * what has put tasks in, or has ended some. If it is not called, workers find out within a second.
   */
  hasten(queue: TaskQueueName): void {
    const pass = this.passes.get(queue);
    if (pass) pass.isAgain = true;
    else if (!this.isStopped) this.begin(queue);
  }

  /** Gives tasks to Redis again that have been at hand for longer than `sinceMs`; what it has, it does not take twice. */
  async giveAgain(queue: TaskQueueName, sinceMs: number): Promise<void> {
    if (this.breaker.isOpen) return;
    await this.give(await this.admissions.listLongAtHand(queue, sinceMs, this.config.window));
  }

  /** Waits for what has begun. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    await Promise.all([...this.passes.values()].map(({ done }) => done));
  }

  private begin(queue: TaskQueueName): void {
    const pass: Pass = { isAgain: false, done: Promise.resolve() };
    this.passes.set(queue, pass);
    pass.done = this.pass(queue, pass).finally(() => this.passes.delete(queue));
  }

  private async pass(queue: TaskQueueName, pass: Pass): Promise<void> {
    try {
      do {
        pass.isAgain = false;
        if (this.breaker.isOpen) return;
        await this.give(await this.admissions.admit(queue, this.config.window, this.config.maxRunning));
      } while (pass.isAgain && !this.isStopped);
    } catch (error) {
      if (error instanceof RedisAwayError) return;
      this.logger.warn('tasks are given out later', { queue, reason: String(error) });
    }
  }

  private async give(tasks: readonly AdmittedTask[]): Promise<void> {
    for (const { queue, taskId, attempt } of tasks) {
      await this.jobs.enqueue(jobOfQueue[queue], { task_id: taskId, attempt });
    }
  }
}
