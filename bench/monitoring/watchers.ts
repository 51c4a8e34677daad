import { setTimeout as delay } from 'node:timers/promises';
import type { Variant } from './variant.ts';

/** Three times as often as Prometheus does by itself. */
const SCRAPE_INTERVAL_MS = 5_000;

/** Those who look on while a load is measured. */
export interface Watchers {
  /** Ends them. @returns how many of them saw nothing, or not what they should */
  stop(): Promise<number>;
}

/** Reads `/metrics` again and again, as Prometheus does. */
export function startScraper({ url, operatorKey }: Variant): Watchers {
  const stopping = new AbortController();
  let failed = 0;
  const running = (async () => {
    while (!stopping.signal.aborted) {
      const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${operatorKey}` } });
      const text = await answer.text();
      if (!text.includes('lockkeeper_process_up')) failed++;
      await delay(SCRAPE_INTERVAL_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await running;
      return failed;
    },
  };
}

/** Opens the live stream of so many consoles, and reads what comes. */
export async function openConsoles({ url, operatorKey }: Variant, count: number): Promise<Watchers> {
  const consoles = await Promise.all(Array.from({ length: count }, () => openConsole(url, operatorKey)));
  return {
    stop: async () => {
      const heard = await Promise.all(consoles.map((close) => close()));
      return heard.filter((events) => events === 0).length;
    },
  };
}

/** @returns how to close it, which tells how many events it has heard. */
async function openConsole(url: string, key: string): Promise<() => Promise<number>> {
  const closing = new AbortController();
  const response = await fetch(`${url}/api/admin/live`, {
    headers: { authorization: `Bearer ${key}`, accept: 'text/event-stream' },
    signal: closing.signal,
  });
  if (!response.ok || !response.body) throw new Error(`The live stream answered ${response.status}.`);
  let events = 0;
  const reading = (async (body: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of body) events += decoder.decode(chunk).split('event: overview').length - 1;
  })(response.body).catch(() => undefined);
  return async () => {
    closing.abort();
    await reading;
    return events;
  };
}
