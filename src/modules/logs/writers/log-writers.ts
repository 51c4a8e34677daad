import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge, Histogram } from 'prom-client';
import type { ConfigOf } from '../../../platform/config/index.js';
import { Events } from '../../../platform/events/index.js';
import { counter, gauge, histogram } from '../../../platform/metrics/index.js';
import { DURABLE_REDIS, type RedisClient, RedisConnections } from '../../../platform/redis/index.js';
import { ShutdownTimer } from '../../../platform/time/index.js';
import { logsStored } from '../events/logs-stored.event.js';
import { logsConfig } from '../logs.config.js';
import { DevicePages } from '../query/cache/device-pages.js';
import { TailPublisher } from '../query/tail/tail-publisher.js';
import { LogConsumer } from '../queue/log-consumer.js';
import { LogStoreRepository } from '../store/log-store.repository.js';
import { lineOfRow } from '../store/store-batch.js';
import { LogWriter, type WrittenBatch } from './log-writer.js';

export const writerMetrics = [
  counter('lockkeeper_logs_stored_lines_total', 'Log lines this process has committed.', []),
  counter('lockkeeper_logs_quarantined_lines_total', 'Log lines this process has put in quarantine.', []),
  counter(
    'lockkeeper_logs_skipped_entries_total',
    'Entries that were delivered again after they had been committed, and were not stored twice.',
    [],
  ),
  gauge('lockkeeper_logs_stalled_writers', 'Writers of this process that cannot store logs just now.', []),
  histogram(
    'lockkeeper_logs_batch_lines',
    'How many lines were committed together.',
    [],
    [1, 10, 100, 500, 1_000, 2_500, 5_000, 10_000],
  ),
];

/** The rows of the sums that writers share out among them. */
export const SUM_SLOTS = 16;
const STOP_POLL_MS = 200;

interface RunningWriter {
  readonly writer: LogWriter;
  readonly consumer: LogConsumer;
}

/** The writers of this process: they move logs from the stream to the table. */
@Injectable()
export class LogWriters implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('LogWriter');
  private readonly processName = `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`;
  private readonly firstSlot = randomBytes(1).readUInt8() % SUM_SLOTS;
  private running: RunningWriter[] = [];

  constructor(
    @Inject(logsConfig.token) private readonly config: ConfigOf<typeof logsConfig>,
    @Inject(DURABLE_REDIS) private readonly redis: RedisClient,
    private readonly connections: RedisConnections,
    private readonly store: LogStoreRepository,
    private readonly pages: DevicePages,
    private readonly tails: TailPublisher,
    private readonly events: Events,
    private readonly shutdownTimer: ShutdownTimer,
    @InjectMetric('lockkeeper_logs_stored_lines_total') private readonly storedLines: Counter,
    @InjectMetric('lockkeeper_logs_quarantined_lines_total') private readonly quarantinedLines: Counter,
    @InjectMetric('lockkeeper_logs_skipped_entries_total') private readonly skippedEntries: Counter,
    @InjectMetric('lockkeeper_logs_stalled_writers') private readonly stalledWriters: Gauge,
    @InjectMetric('lockkeeper_logs_batch_lines') private readonly batchLines: Histogram,
  ) {}

  onApplicationBootstrap(): void {
    this.running = Array.from({ length: this.config.writers }, (_, index) => this.create(index));
    for (const { writer } of this.running) writer.start();
    if (this.running.length > 0) this.logger.log('log writers started', { writers: this.running.length });
  }

  /** Each finishes its batch. What cannot be finished in time is taken over by others. */
  async beforeApplicationShutdown(): Promise<void> {
    const stopped = Promise.allSettled(this.running.map(({ writer }) => writer.stop())).then(() => true);
    const deadline = performance.now() + this.shutdownTimer.remainingMs();
    let isStopped = this.running.length === 0;
    while (!isStopped && performance.now() < deadline) {
      // A writer may have begun to wait after the last time it was told not to.
      for (const { consumer } of this.running) consumer.stopWaiting(this.redis).catch(() => undefined);
      isStopped = await Promise.race([stopped, waitAtMost(STOP_POLL_MS)]);
    }
    const leaving = Promise.allSettled(this.running.map(({ consumer }) => consumer.leave()));
    if (isStopped) await Promise.race([leaving, waitAtMost(STOP_POLL_MS)]);
  }

  /** A writer that is not started: it writes a batch whenever it is told to. */
  create(index: number): RunningWriter {
    const consumer = new LogConsumer(
      this.connections.openWaiting('log writers'),
      `${this.processName}:${index}`,
    );
    const writer = new LogWriter({
      consumer,
      store: this.store,
      claimIdleMs: this.config.claimIdleMs,
      slot: (this.firstSlot + index) % SUM_SLOTS,
      hooks: {
        written: (batch) => this.noteWritten(batch),
        stalled: (isStalled) => (isStalled ? this.stalledWriters.inc() : this.stalledWriters.dec()),
      },
    });
    return { writer, consumer };
  }

  private async noteWritten(batch: WrittenBatch): Promise<void> {
    this.storedLines.inc(batch.storedLines);
    this.quarantinedLines.inc(batch.quarantinedLines);
    this.skippedEntries.inc(batch.skippedEntries);
    if (batch.entries > 0) this.batchLines.observe(batch.storedLines);
    // Before the acknowledgement, so that who waits for it reads no stale page.
    await Promise.all([
      this.pages.invalidate(batch.deviceIds),
      this.tails.publish(() => batch.readRows().map(lineOfRow)),
    ]);
    if (batch.storedLines > 0) {
      this.events.emit(logsStored, { deviceIds: batch.deviceIds, count: batch.storedLines });
    }
    if (batch.quarantinedLines > 0) {
      this.logger.error('log lines were put in quarantine', undefined, { lines: batch.quarantinedLines });
    }
  }
}

function waitAtMost(ms: number): Promise<false> {
  return delay(ms, false, { ref: false });
}
