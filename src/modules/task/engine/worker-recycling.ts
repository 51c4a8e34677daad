import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { requestStop } from '../../../platform/process/index.js';
import { JobWorkers } from '../../../platform/queue/index.js';
import { taskQueueNames } from '../domain/task.js';
import { taskConfig } from '../task.config.js';

const MEMORY_LOOK_MS = 2_000;
const MIB = 1_048_576;

/**
 * Has a worker that did many tasks, or has grown large, stop for a fresh one: it takes no further task, lets those that
 * run come to their end however long that takes, and then stops in order. No task is dropped or run twice by it.
 */
@Injectable()
export class WorkerRecycling implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Tasks');
  private timer: NodeJS.Timeout | undefined;
  private running = 0;
  private done = 0;
  private isDue = false;

  constructor(
    private readonly workers: JobWorkers,
    @Inject(taskConfig.token) private readonly config: ConfigOf<typeof taskConfig>,
  ) {}

  /** How the process is stopped; a test that shares the process has another. */
  stopProcess: () => void = requestStop;

  onApplicationBootstrap(): void {
    if (this.config.recycleRssMb > 0) this.timer = setInterval(() => this.look(), MEMORY_LOOK_MS).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Notes that a run begins. Call what is returned, once, when it has ended. */
  begin(): () => void {
    this.running++;
    return () => {
      this.running--;
      this.done++;
      this.look();
    };
  }

  private look(): void {
    if (!this.isDue) this.decide();
    else if (this.running === 0) this.stop();
  }

  private decide(): void {
    const { recycleAfter, recycleRssMb } = this.config;
    const rssMb = Math.round(process.memoryUsage.rss() / MIB);
    const isWorn = recycleAfter > 0 && this.done >= recycleAfter;
    const isLarge = recycleRssMb > 0 && rssMb >= recycleRssMb;
    if (!isWorn && !isLarge) return;
    this.isDue = true;
    this.logger.log('this worker gives way to a fresh one', { tasks: this.done, rss_mb: rssMb });
    this.workers.takeNoMore(taskQueueNames).then(
      () => this.look(),
      (error: unknown) => this.logger.warn('tasks are still taken', { reason: String(error) }),
    );
  }

  private stop(): void {
    clearInterval(this.timer);
    this.stopProcess();
  }
}
