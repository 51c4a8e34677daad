import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { RedisConnections, RedisProbe } from '../../../platform/redis/index.js';
import { beginSwitch, nextSwitch, type SwitchEvent, type SwitchState } from '../domain/redis-switch.js';
import { schedulerConfig } from '../scheduler.config.js';
import { type Lease, LeaseRepository } from '../store/lease.repository.js';
import { TaskRepository, type TaskStates } from '../store/task.repository.js';
import { DatabaseWatch } from './database-watch.js';
import { ThisProcess } from './engine-process.js';
import { LocalTicker } from './local-ticker.js';
import { PeriodicLoop } from './periodic-loop.js';
import { RedisSchedules } from './redis-schedules.js';
import { RunStarter } from './run-starter.js';
import { ScheduleMetrics } from './schedule-metrics.js';
import { LeaseLostError, SlotReconciler } from './slot-reconciler.js';
import { TaskRegistry } from './task-registry.js';

/** What one holder of the lease knows while it has it. */
interface Watch {
  readonly lease: Lease;
  state: SwitchState;
  /** The mode that the others have been told of. */
  told: string;
  /** Why the mode is what it is. */
  reason: string;
  nextReconcileMs: number;
  nextWatchdogMs: number;
}

/**
 * Looks after the schedules in the process that has the lease: probes Redis, drives the slots by Redis or by the ticker,
 * finds slots that nobody has begun, and keeps Redis as the tasks are.
 */
@Injectable()
export class ScheduleDriver {
  private readonly logger = new Logger('Scheduler');
  private readonly loop: PeriodicLoop;
  private readonly probe: RedisProbe;
  private watch: Watch | undefined;

  constructor(
    private readonly registry: TaskRegistry,
    private readonly tasks: TaskRepository,
    private readonly leases: LeaseRepository,
    private readonly schedules: RedisSchedules,
    private readonly ticker: LocalTicker,
    private readonly reconciler: SlotReconciler,
    private readonly starter: RunStarter,
    private readonly process: ThisProcess,
    private readonly databaseWatch: DatabaseWatch,
    private readonly metrics: ScheduleMetrics,
    @Inject(schedulerConfig.token) private readonly config: ConfigOf<typeof schedulerConfig>,
    connections: RedisConnections,
  ) {
    this.probe = new RedisProbe(connections);
    this.loop = new PeriodicLoop(
      () => this.look(),
      () => this.config.probeMs,
    );
  }

  /** This process has the lease. `onLost` is called if it finds out that it has not. */
  begin(lease: Lease, onLost: () => void): void {
    this.onLost = onLost;
    this.watch = {
      lease,
      state: beginSwitch('redis'),
      told: '',
      reason: '',
      nextReconcileMs: 0,
      nextWatchdogMs: 0,
    };
    this.loop.start();
    this.loop.poke();
  }

  /** Stops at once: what is on its way to the database is refused there by its epoch. */
  end(): void {
    this.watch = undefined;
    this.metrics.setMode(undefined, 0);
    void this.ticker.stop();
  }

  async stop(): Promise<void> {
    this.end();
    await this.loop.stop();
  }

  private onLost: () => void = () => undefined;

  private async look(): Promise<void> {
    const { watch } = this;
    if (!watch) return;
    try {
      const control = await this.leases.read();
      if (control.epoch !== watch.lease.epoch) throw new LeaseLostError();
      if (watch.told === '') await this.takeOver(watch, control.mode);
      const tasks = await this.tasks.list();
      this.databaseWatch.noteAnswer();
      if (this.watch !== watch) return;
      const failure = control.isDrill ? 'a drill' : await this.probeRedis();
      if (this.watch !== watch) return;
      await this.advance(watch, { kind: 'probed', failure }, tasks);
      await this.maintain(watch, tasks);
    } catch (error) {
      if (error instanceof LeaseLostError) this.onLost();
      else this.databaseWatch.noteFailure(error);
    }
  }

  private async takeOver(watch: Watch, mode: SwitchState['mode']): Promise<void> {
    const gone = await this.tasks.noteRemoved(watch.lease, this.registry.names);
    if (gone > 0) this.logger.log('there are tasks no more', { tasks: gone });
    watch.state = beginSwitch(mode);
    watch.told = mode;
    watch.reason = 'another process has taken over';
    if (watch.state.mode === 'local') return this.goLocal(watch, await this.tasks.list());
    // Nobody may have driven the slots for a while.
    await this.reconcile(watch, 'redis', 0);
  }

  /** Only the database's failures are told here; Redis' own are part of the game. */
  private async probeRedis(): Promise<string | undefined> {
    try {
      await this.probe.write(this.config.probeMs);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  private async advance(watch: Watch, event: SwitchEvent, tasks: TaskStates): Promise<void> {
    const before = watch.state.mode;
    watch.state = nextSwitch(watch.state, event, performance.now(), {
      failures: this.config.probeFailures,
      stableMs: this.config.stableMs,
    });
    const { mode } = watch.state;
    if (mode !== before) {
      watch.reason = reasonOf(event, mode);
      this.logger.warn('the schedules change their way', { from: before, to: mode, reason: watch.reason });
    }
    await this.tellMode(watch);
    if (mode === before) return;
    if (mode === 'local') await this.goLocal(watch, tasks);
    if (mode === 'draining') await this.drain(watch, tasks);
  }

  /** Also tries again what the database could not take before. */
  private async tellMode(watch: Watch): Promise<void> {
    const { mode } = watch.state;
    this.metrics.setMode(mode, watch.lease.epoch);
    if (watch.told === mode) return;
    if (!(await this.leases.setMode(watch.lease, this.process, mode, watch.reason)))
      throw new LeaseLostError();
    watch.told = mode;
  }

  private async goLocal(watch: Watch, { tasks }: TaskStates): Promise<void> {
    if (this.watch !== watch) return;
    // The ticker first, so that no slot falls between the two; the fence sorts out the rest.
    this.ticker.start(watch.lease, tasks);
    await this.reconcile(watch, 'local', 0);
  }

  private async drain(watch: Watch, tasks: TaskStates): Promise<void> {
    await this.ticker.stop();
    try {
      await this.schedules.mend(tasks.tasks, tasks.now.getTime(), 0);
    } catch (error) {
      const failure = `its schedules could not be set: ${(error as Error).message}`;
      return this.advance(watch, { kind: 'probed', failure }, tasks);
    }
    await this.reconcile(watch, 'redis', 0);
    await this.advance(watch, { kind: 'drained' }, tasks);
  }

  private async maintain(watch: Watch, tasks: TaskStates): Promise<void> {
    const { mode } = watch.state;
    const nowMs = performance.now();
    if (mode === 'local') this.ticker.setTasks(tasks.tasks);
    if (nowMs >= watch.nextReconcileMs) {
      await this.reconcile(watch, mode === 'local' ? 'local' : 'redis', this.config.graceMs);
    }
    if (mode !== 'redis') return;
    try {
      if (nowMs >= watch.nextWatchdogMs) {
        await this.schedules.mend(tasks.tasks, tasks.now.getTime(), this.config.graceMs);
        watch.nextWatchdogMs = nowMs + this.config.watchdogMs;
      } else {
        await this.schedules.followChanges(tasks.tasks);
      }
    } catch (error) {
      this.logger.debug('the schedules in Redis could not be looked at', { reason: String(error) });
    }
  }

  private async reconcile(watch: Watch, path: 'redis' | 'local', graceMs: number): Promise<void> {
    watch.nextReconcileMs = performance.now() + this.config.reconcileMs;
    if ((await this.reconciler.reconcile(watch.lease, path, graceMs)) > 0) this.starter.poke();
  }
}

function reasonOf(event: SwitchEvent, mode: SwitchState['mode']): string {
  if (event.kind === 'drained') return 'Redis has all schedules again';
  if (event.failure !== undefined) return `Redis: ${event.failure}`;
  return mode === 'draining' ? 'Redis has answered for long enough' : 'Redis answers';
}
