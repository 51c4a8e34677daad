import { Injectable, Logger } from '@nestjs/common';
import type { EventDefinition } from './define-event.js';

type Listener<P> = (payload: P) => void | Promise<void>;

/**
 * Tells listeners in this process what has happened. Nothing is kept: an event that is told while its listener's
 * process is gone is lost, so whoever listens must find out in another way too.
 */
@Injectable()
export class Events {
  private readonly logger = new Logger('Events');
  private readonly listeners = new Map<string, Set<Listener<never>>>();

  /** Calls `listener` for each event from now on. @returns what ends that. */
  on<P>(event: EventDefinition<P>, listener: Listener<P>): () => void {
    const listeners = this.listeners.get(event.name) ?? new Set();
    this.listeners.set(event.name, listeners);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** Tells all listeners. Waits for none of them and never throws: their failures are logged. */
  emit<P>(event: EventDefinition<P>, payload: P): void {
    for (const listener of this.listeners.get(event.name) ?? []) {
      void this.tell(event.name, listener as Listener<P>, payload);
    }
  }

  private async tell<P>(name: string, listener: Listener<P>, payload: P): Promise<void> {
    try {
      await listener(payload);
    } catch (error) {
      this.logger.error('a listener failed', error, { event: name });
    }
  }
}
