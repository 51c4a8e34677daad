import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { productVersion } from '../../platform/process/index.js';
import { JobQueue } from '../../platform/queue/index.js';
import { newId } from '../../shared/ids.js';
import { type ProcessDescription, ProcessRepository, type ProcessRole } from './process.repository.js';

/** Injects what kind of process this is. */
export const PROCESS_ROLE = Symbol('process-role');

const HEARTBEAT_INTERVAL_MS = 5_000;
const BEATS_BETWEEN_CLEANINGS = 720;
/** A database that hangs must not keep a process from stopping; its row then goes stale by itself. */
const FAREWELL_TIMEOUT_MS = 1_000;

/** Shows the other processes that this one is alive. */
@Injectable()
export class ProcessHeartbeat implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Heartbeat');
  private readonly description: ProcessDescription;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private beats = 0;
  private isFailing = false;
  private isBeating = false;

  constructor(
    @Inject(PROCESS_ROLE) role: ProcessRole,
    private readonly processes: ProcessRepository,
    jobs: JobQueue,
  ) {
    const queues = role === 'worker' ? jobs.definitions.map((queue) => queue.name) : [];
    this.description = {
      id: newId(),
      role,
      host: hostname(),
      pid: process.pid,
      version: productVersion(),
      queues,
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    this.timer = setInterval(() => this.startBeat(), HEARTBEAT_INTERVAL_MS).unref();
    this.startBeat();
    await this.running;
  }

  /** A process that stops takes no new work, so it is not counted from now on. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    const farewell = this.running
      .then(() => this.processes.remove(this.description.id))
      .catch(() => undefined);
    await Promise.race([farewell, delay(FAREWELL_TIMEOUT_MS, undefined, { ref: false })]);
  }

  private startBeat(): void {
    if (this.isBeating) return;
    this.isBeating = true;
    this.running = this.beat().finally(() => (this.isBeating = false));
  }

  private async beat(): Promise<void> {
    try {
      await this.processes.beat(this.description);
      if (this.beats++ % BEATS_BETWEEN_CLEANINGS === 0) await this.processes.forgetDead();
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) this.logger.warn('The heartbeat could not be written.', error);
      this.isFailing = true;
    }
  }
}
