import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { RunRepository, type StartedRun } from '../store/run.repository.js';
import { RunEndedError } from './run-outcome.js';

/** How soon a run hears that its task was cancelled, together with how long a beat takes. */
const BEAT_MS = 1_000;

interface LivingRun {
  readonly run: StartedRun;
  readonly controller: AbortController;
}

/** Shows that the runs of this process live, and tells them if their task was cancelled or has been taken over. */
@Injectable()
export class TaskHeartbeats implements OnApplicationShutdown {
  private readonly logger = new Logger('Tasks');
  private readonly living = new Set<LivingRun>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly runs: RunRepository) {}

  /** Call what is returned when the run has ended. */
  keep(run: StartedRun, controller: AbortController): () => void {
    const living = { run, controller };
    this.living.add(living);
    this.arm();
    return () => this.living.delete(living);
  }

  /** How many tasks run here. */
  get count(): number {
    return this.living.size;
  }

  onApplicationShutdown(): void {
    clearTimeout(this.timer);
    this.living.clear();
  }

  private arm(): void {
    this.timer ??= setTimeout(() => void this.beat(), BEAT_MS).unref();
  }

  private async beat(): Promise<void> {
    const beating = [...this.living];
    try {
      const news = await this.runs.beat(beating.map(({ run }) => run));
      const byToken = new Map(news.map((each) => [each.token, each]));
      for (const living of beating) {
        // It may have ended meanwhile.
        if (!this.living.has(living)) continue;
        const told = byToken.get(living.run.token);
        if (!told) living.controller.abort(new RunEndedError('lost'));
        else if (told.isCancelRequested) living.controller.abort(new RunEndedError('cancelled'));
      }
    } catch (error) {
      this.logger.warn('the runs of tasks could not show that they live', { reason: String(error) });
    } finally {
      this.timer = undefined;
      if (this.living.size > 0) this.arm();
    }
  }
}
