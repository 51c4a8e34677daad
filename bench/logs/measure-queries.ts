import { setTimeout as delay } from 'node:timers/promises';
import type { Row } from '../lib/benchmark.ts';
import { round } from '../lib/report.ts';
import { Samples } from '../lib/samples.ts';
import { settleDatabase } from '../lib/settle-database.ts';
import { benchLine, deviceName } from './bench-lines.ts';
import { fillTable } from './raw-inserts.ts';
import { emptyTable, type LogInstallation } from './log-installation.ts';

export interface QueryMeasurement {
  rows: number;
  devicePages: Samples;
  table: Row[];
}

/** How often each query is made. */
export interface QueryTimes {
  reads: number;
  tailedLines: number;
}

export const QUERY_DEVICES = 1_000;
const SPREAD_MS = 22 * 3_600_000;
const HOUR_MS = 3_600_000;
const PAGE = 100;
/** As a server's memory should be: it holds the days that people look at. What comes from disk takes the disk's time. */
const POOL_BYTES = 4 * 1024 ** 3;
/** The queries of one kind are of different devices and windows, so that none is answered by a page kept before. */
const STRIDE = 337;
/** So many times as many reads go before and are not counted: until its code is compiled, a process is slow. */
const WARM_UPS = 5;
const TAIL_TIMEOUT_MS = 10_000;
/** Prime to the interval at which a tail looks for lines, so that lines come at all of its moments. */
const TAIL_PAUSE_MS = 137;

/** Fills the table and reads it, one reader at a time. */
export async function measureQueries(
  installation: LogInstallation,
  url: string,
  rows: number,
  times: QueryTimes,
  report: (line: string) => void,
): Promise<QueryMeasurement> {
  await emptyTable(installation);
  await installation.database.query(`SET GLOBAL innodb_buffer_pool_size = ${POOL_BYTES}`);
  report(`Filling the table with ${rows} rows`);
  const filled = await fillTable(installation, rows, QUERY_DEVICES, SPREAD_MS);
  // What is asked is how long a read takes in a table of this size, not while it is being written to disk.
  report('Waiting until it is written');
  await settleDatabase(installation.database);
  report('Queries');
  const reader = new Reader(url, installation.apiKey, Date.now());
  const devicePages = await reader.timeDevicePages(times.reads);
  const levelPages = await reader.timeSearches(times.reads, (number) => ({
    ...hourOf(number),
    level: 'ERROR',
  }));
  const texts = await reader.timeSearches(times.reads, (number) => {
    const device = (number * STRIDE) % QUERY_DEVICES;
    return { device_id: deviceName(device), q: pathIn(benchLine(device, QUERY_DEVICES).message) };
  });
  report('Tail');
  const tail = await timeTail(url, installation.apiKey, times.tailedLines);
  return {
    rows: filled,
    devicePages,
    table: [
      rowOf(`page of a device, ${PAGE} lines, uncached`, devicePages),
      rowOf(`level in an hour, ${PAGE} lines`, levelPages),
      rowOf(`text of a device in a day, ${PAGE} lines`, texts),
      rowOf('tail: from accepted to shown', tail),
    ],
  };
}

/** The path that a message names: one line of a device in some has it. */
function pathIn(message: string): string {
  return message.split(' ')[1] ?? '';
}

function hourOf(number: number): Record<string, string> {
  const to = Date.now() - (number % 20) * HOUR_MS - number * 1_000;
  return { from: new Date(to - HOUR_MS).toISOString(), to: new Date(to).toISOString() };
}

function rowOf(query: string, samples: Samples): Row {
  return {
    query,
    reads: samples.count,
    p50_ms: round(samples.percentile(50)),
    p95_ms: round(samples.percentile(95)),
    p99_ms: round(samples.percentile(99)),
  };
}

/** Reads over HTTP on a connection that stays open. */
class Reader {
  private readonly url: string;
  private readonly headers: Record<string, string>;
  private readonly salt: number;

  constructor(url: string, apiKey: string, salt: number) {
    this.url = url;
    this.headers = { authorization: `Bearer ${apiKey}` };
    this.salt = salt;
  }

  async timeDevicePages(reads: number): Promise<Samples> {
    return this.time(reads, async (number, round) => {
      const device = deviceName(((number + this.salt) * STRIDE) % QUERY_DEVICES);
      // Of each length there is a page of its own, so that one that was read to warm up is not found again.
      const page = await this.get(`/api/logs/${device}?limit=${PAGE - WARM_UPS + round}`);
      if (page['source'] !== 'database') throw new Error(`The page of ${device} was kept before.`);
      return (page['data'] as unknown[]).length;
    });
  }

  async timeSearches(reads: number, query: (number: number) => Record<string, string>): Promise<Samples> {
    return this.time(reads, async (number) => {
      const parameters = new URLSearchParams({ ...query(number), limit: String(PAGE) });
      const page = await this.get(`/api/logs?${parameters.toString()}`);
      return (page['items'] as unknown[]).length;
    });
  }

  /** Only the last round counts. @throws if a read finds nothing */
  private async time(
    reads: number,
    read: (number: number, round: number) => Promise<number>,
  ): Promise<Samples> {
    const samples = new Samples();
    for (let round = 0; round <= WARM_UPS; round++) {
      for (let number = 0; number < reads; number++) {
        const startedAt = performance.now();
        const found = await read(number, round);
        if (round === WARM_UPS) samples.add(performance.now() - startedAt);
        if (found === 0) throw new Error('A query of the benchmark found nothing.');
      }
    }
    return samples;
  }

  private async get(path: string): Promise<Record<string, unknown>> {
    const response = await fetch(this.url + path, { headers: this.headers });
    if (!response.ok)
      throw new Error(`${path} was answered with ${response.status}: ${await response.text()}`);
    return (await response.json()) as Record<string, unknown>;
  }
}

/** Sends one line after another and takes the time from its answer until it is shown to who follows the log. */
async function timeTail(url: string, apiKey: string, lines: number): Promise<Samples> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const device = 'device-tailed';
  const samples = new Samples();
  const ending = new AbortController();
  const response = await fetch(`${url}/api/logs/tail?device_id=${device}`, {
    headers,
    signal: ending.signal,
  });
  if (!response.ok || !response.body) throw new Error(`The tail was answered with ${response.status}.`);
  const shown = new ShownLines(response.body.pipeThrough(new TextDecoderStream()));
  await shown.until('event: ready');
  for (let number = 0; number < lines; number++) {
    const message = `tailed line ${number};`;
    const body = JSON.stringify({ ...benchLine(number), device_id: device, message });
    const shownAt = shown.until(message);
    const sent = await fetch(`${url}/api/log`, { method: 'POST', headers, body });
    const acceptedAt = performance.now();
    if (!sent.ok) throw new Error(`A line was answered with ${sent.status}.`);
    await sent.arrayBuffer();
    samples.add(Math.max(0, (await shownAt) - acceptedAt));
    await delay(TAIL_PAUSE_MS);
  }
  ending.abort();
  return samples;
}

/** The text of an event stream as it comes. */
class ShownLines {
  private readonly chunks: AsyncIterator<string>;
  private text = '';

  constructor(stream: ReadableStream<string>) {
    this.chunks = stream[Symbol.asyncIterator]();
  }

  /** When a text has come. @throws if it does not */
  async until(text: string): Promise<number> {
    const deadline = performance.now() + TAIL_TIMEOUT_MS;
    while (!this.text.includes(text)) {
      const chunk = await this.chunks.next();
      if (chunk.done === true || performance.now() > deadline)
        throw new Error(`The tail does not show: ${text}`);
      this.text += chunk.value;
    }
    this.text = this.text.slice(this.text.indexOf(text) + text.length);
    return performance.now();
  }
}
