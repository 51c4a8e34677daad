import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { OverviewService } from './overview.service.js';

const INTERVAL_MS = 2_000;

/** Told each overview as JSON. It must not throw. */
export type OverviewListener = (overviewJson: string) => void;

/** Tells all who listen how the product is, every two seconds; it asks once for all, and only while somebody listens. */
@Injectable()
export class LiveFeed implements OnModuleDestroy {
  private readonly logger = new Logger('Live');
  private readonly listeners = new Set<OverviewListener>();
  private timer: NodeJS.Timeout | undefined;
  private isReading = false;

  constructor(private readonly overview: OverviewService) {}

  /** Tells `listener` how it is now, and then every two seconds, until what is returned is called. */
  listen(listener: OverviewListener): () => void {
    this.listeners.add(listener);
    this.timer ??= setInterval(() => void this.tellAll(), INTERVAL_MS).unref();
    void this.tell([listener]);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.stop();
    };
  }

  onModuleDestroy(): void {
    this.stop();
  }

  private stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private async tellAll(): Promise<void> {
    if (this.isReading) return;
    this.isReading = true;
    await this.tell([...this.listeners]);
    this.isReading = false;
  }

  private async tell(listeners: readonly OverviewListener[]): Promise<void> {
    try {
      const text = JSON.stringify(await this.overview.read());
      for (const listener of listeners) if (this.listeners.has(listener)) listener(text);
    } catch (error) {
      // Whoever listens is told the next time.
      this.logger.error('the overview could not be made', error);
    }
  }
}
