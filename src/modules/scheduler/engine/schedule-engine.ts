import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { CronSchedules } from '../../../platform/queue/index.js';
import { ShutdownTimer } from '../../../platform/time/index.js';
import { TaskDeclarations } from './task-declarations.js';
import { LeaseKeeper } from './lease-keeper.js';
import { RunStarter } from './run-starter.js';
import { ScheduleDriver } from './schedule-driver.js';
import { SlotFiring } from './slot-firing.js';
import { TaskRegistry } from './task-registry.js';
import { TaskRunner } from './task-runner.js';

/** Runs the periodic tasks in this worker, together with the others. */
@Injectable()
export class ScheduleEngine implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Scheduler');

  constructor(
    private readonly registry: TaskRegistry,
    private readonly declarations: TaskDeclarations,
    private readonly schedules: CronSchedules,
    private readonly firing: SlotFiring,
    private readonly starter: RunStarter,
    private readonly runner: TaskRunner,
    private readonly keeper: LeaseKeeper,
    private readonly driver: ScheduleDriver,
    private readonly shutdownTimer: ShutdownTimer,
  ) {}

  /** @throws if anything is wrong with the tasks: then the worker does not start. */
  async onApplicationBootstrap(): Promise<void> {
    this.registry.load();
    await this.declarations.writeDown();
    this.runner.start();
    this.starter.start();
    this.schedules.listen((firing) => this.firing.fromRedis(firing));
    this.keeper.start({
      onGained: (lease) => this.driver.begin(lease, () => this.keeper.noteLost()),
      onLost: () => this.driver.end(),
    });
    this.logger.log('periodic tasks are run', { tasks: this.registry.names.length });
  }

  /** Begins nothing more, lets others look after the schedules, and gives back what runs. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.starter.stop(), this.schedules.stop(), this.keeper.stop(), this.driver.stop()]);
    await this.runner.stop(this.shutdownTimer.remainingMs());
  }
}
