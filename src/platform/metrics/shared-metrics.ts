import { Injectable, Logger } from '@nestjs/common';
import { answerWithin } from '../redis/patience.js';
import { gaugeFamily, type MetricFamily, type MetricSample } from './metric-family.js';

/** The values of some gauges, by their names. One that is undefined is not known just now. */
export type SharedValues = Readonly<Record<string, number | readonly MetricSample[] | undefined>>;

/** Gauges of something that all processes share, read together. */
export interface SharedSource {
  /** What they are, for the log. */
  readonly name: string;
  /** The gauges' names, with what each tells. */
  readonly gauges: Readonly<Record<string, string>>;
  /** Reads them, from MySQL or Redis. What it throws leaves its gauges out. */
  read(): Promise<SharedValues>;
}

/** A scrape does not wait longer for one source, so that a database that hangs hides nothing else. */
const READ_TIMEOUT_MS = 250;
/** So that those who look often, or several at once, cost as much as one. */
const READING_AGE_MS = 1_000;

interface SourceState {
  readonly source: SharedSource;
  /** Also one that nobody waits for any more: there is never a second one beside it. */
  reading: Promise<readonly MetricFamily[]> | undefined;
  readAtMs: number;
  isReading: boolean;
  isFailing: boolean;
}

/**
 * Gauges of what the processes share (queues, backlogs): whoever is asked for metrics reads them, once, and not for
 * each process. One that cannot be read is absent, never out of date.
 */
@Injectable()
export class SharedMetrics {
  private readonly logger = new Logger('Metrics');
  private readonly states: SourceState[] = [];

  register(source: SharedSource): void {
    this.states.push({
      source,
      reading: undefined,
      readAtMs: -Infinity,
      isReading: false,
      isFailing: false,
    });
  }

  /** The names of all gauges there are, with what each tells. */
  describe(): ReadonlyMap<string, string> {
    return new Map(this.states.flatMap(({ source }) => Object.entries(source.gauges)));
  }

  /** The gauges that are known, at most a second old. It takes no longer than about 250 ms and does not fail. */
  async read(): Promise<MetricFamily[]> {
    return (await Promise.all(this.states.map((state) => this.readSource(state)))).flat();
  }

  private async readSource(state: SourceState): Promise<readonly MetricFamily[]> {
    const now = performance.now();
    if (!state.reading || (!state.isReading && now - state.readAtMs > READING_AGE_MS)) {
      state.readAtMs = now;
      state.reading = this.startReading(state);
    }
    const { reading } = state;
    try {
      return await answerWithin(READ_TIMEOUT_MS, () => reading);
    } catch (error) {
      this.noteFailure(state, String(error));
      return [];
    }
  }

  private async startReading(state: SourceState): Promise<readonly MetricFamily[]> {
    const { source } = state;
    state.isReading = true;
    try {
      const values = await source.read();
      this.noteSuccess(state);
      return Object.entries(source.gauges).flatMap(([name, help]) => {
        const value = values[name];
        return value === undefined ? [] : [gaugeFamily(name, help, value)];
      });
    } catch (error) {
      this.noteFailure(state, error instanceof Error ? error.message : String(error));
      return [];
    } finally {
      state.isReading = false;
      // How old it is counts from when it was known.
      state.readAtMs = performance.now();
    }
  }

  /** Says once that a source fails, and once that it is well again. */
  private noteFailure(state: SourceState, reason: string): void {
    if (state.isFailing) return;
    state.isFailing = true;
    this.logger.warn(`the metrics of ${state.source.name} cannot be read`, { reason });
  }

  private noteSuccess(state: SourceState): void {
    if (state.isFailing) this.logger.log(`the metrics of ${state.source.name} can be read again`);
    state.isFailing = false;
  }
}
