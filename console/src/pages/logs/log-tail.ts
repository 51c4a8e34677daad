import { send } from '../../api/client.ts';
import { readEvents } from '../../api/event-stream.ts';
import { type ProblemError, toProblem } from '../../api/problem.ts';
import type { LineFilter } from './filter-inputs.tsx';
import type { LogLine } from './log-api.ts';

export interface TailSnapshot {
  readonly state: 'off' | 'connecting' | 'following' | 'reconnecting';
  /** The newest first. */
  readonly lines: readonly LogLine[];
  /** Lines that were left out because they were too many. */
  readonly droppedCount: number;
  readonly hasGap: boolean;
  readonly problem: ProblemError | null;
}

const OFF: TailSnapshot = { state: 'off', lines: [], droppedCount: 0, hasGap: false, problem: null };
const MOST_LINES = 500;
/** A burst is rendered at once. */
const PUBLISH_MS = 200;
const RECONNECT_MS = 2000;

/** Follows the log and keeps its newest lines. */
export class LogTail {
  private snapshot = OFF;
  private pending: LogLine[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private following: AbortController | undefined;
  private readonly listeners = new Set<() => void>();

  readonly read = (): TailSnapshot => this.snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Follows what fits from now on; ends what was followed before. */
  start(filter: LineFilter): void {
    this.stop();
    const following = new AbortController();
    this.following = following;
    this.change({ ...OFF, state: 'connecting' });
    void this.followOn(filter, following.signal);
  }

  /** Stops following; the lines stay. */
  stop(): void {
    this.following?.abort();
    this.following = undefined;
    this.flush();
    this.change({ ...this.snapshot, state: 'off' });
  }

  clear(): void {
    this.pending = [];
    this.change({ ...this.snapshot, lines: [], droppedCount: 0, hasGap: false });
  }

  /** A tail ends after an hour and when its process stops: then another one is opened. */
  private async followOn(filter: LineFilter, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.followOnce(filter, signal);
      } catch (error) {
        if (signal.aborted) return;
        const problem = toProblem(error);
        if (!problem.isRetryable) return this.change({ ...this.snapshot, state: 'off', problem });
        this.change({ ...this.snapshot, problem });
      }
      if (signal.aborted) return;
      // Nobody knows what was stored in between.
      this.change({ ...this.snapshot, state: 'reconnecting', hasGap: true });
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    }
  }

  private async followOnce(filter: LineFilter, signal: AbortSignal): Promise<void> {
    const query = { device_id: filter.device.trim(), level: filter.levels.join(','), q: filter.text };
    const response = await send('GET', '/api/logs/tail', undefined, { query, signal });
    for await (const { name, data } of readEvents(response)) {
      if (signal.aborted) return;
      if (name === 'ready') this.change({ ...this.snapshot, state: 'following', problem: null });
      else if (name === 'line') this.take(JSON.parse(data) as LogLine);
      else if (name === 'gap') this.change({ ...this.snapshot, hasGap: true });
      else if (name === 'dropped') {
        const { count } = JSON.parse(data) as { count: number };
        this.change({ ...this.snapshot, droppedCount: this.snapshot.droppedCount + count });
      }
    }
  }

  private take(line: LogLine): void {
    this.pending.push(line);
    this.timer ??= setTimeout(() => this.flush(), PUBLISH_MS);
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.pending.length === 0) return;
    const lines = [...this.pending.toReversed(), ...this.snapshot.lines].slice(0, MOST_LINES);
    this.pending = [];
    this.change({ ...this.snapshot, lines });
  }

  private change(snapshot: TailSnapshot): void {
    this.snapshot = snapshot;
    for (const listener of this.listeners) listener();
  }
}
