import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type OtlpTestRecord, otlpJson, otlpProtobuf } from './log-bodies.js';
import type { LogLedger, SentLogs } from './log-ledger.js';
import type { Random } from './random.js';

/** A request as it goes out. */
interface Outgoing {
  readonly path: string;
  readonly contentType: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
  /** Given if the same request may be sent again and is stored once. */
  readonly repeatable?: { readonly headers: Record<string, string> };
}

type Format = (texts: readonly string[], deviceId: string) => Outgoing;

const levels = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'];
const JSON_TYPE = 'application/json';

/** Every way in which lines come in, with the number of lines that one request has at the most. */
const formats: Record<string, { readonly maxLines: number; readonly make: Format }> = {
  single: {
    maxLines: 1,
    make: ([message = ''], device_id) => ({
      path: '/api/log',
      contentType: JSON_TYPE,
      body: JSON.stringify({ device_id, log_level: 'INFO', message, log_data: { n: 1 } }),
    }),
  },
  batch: {
    maxLines: 100,
    make: (texts, device_id) => ({
      path: '/api/logs/batch',
      contentType: JSON_TYPE,
      body: JSON.stringify({
        logs: texts.map((message, index) => ({ device_id, log_level: levels[index % 5], message })),
      }),
    }),
  },
  ndjson: { maxLines: 60, make: ndjson },
  'ndjson with a key': {
    maxLines: 60,
    make: (texts, deviceId) => ({
      ...ndjson(texts, deviceId),
      repeatable: { headers: { 'idempotency-key': randomUUID() } },
    }),
  },
  'otlp json': {
    maxLines: 60,
    make: (texts, deviceId) => ({
      path: '/v1/logs',
      contentType: JSON_TYPE,
      body: JSON.stringify(otlpJson({ resource: { 'device.id': deviceId }, records: records(texts) })),
      repeatable: { headers: {} },
    }),
  },
  'otlp protobuf': {
    maxLines: 60,
    make: (texts, deviceId) => ({
      path: '/v1/logs',
      contentType: 'application/x-protobuf',
      body: Uint8Array.from(otlpProtobuf({ resource: { 'device.id': deviceId }, records: records(texts) })),
      repeatable: { headers: {} },
    }),
  },
  loki: {
    maxLines: 60,
    make: (texts, device_id) => ({
      path: '/loki/api/v1/push',
      contentType: JSON_TYPE,
      body: JSON.stringify({
        streams: [{ stream: { device_id }, values: texts.map((text) => [`${Date.now()}000000`, text]) }],
      }),
      repeatable: { headers: {} },
    }),
  },
};

function ndjson(texts: readonly string[], device_id: string): Outgoing {
  const lines = texts.map((message) => JSON.stringify({ device_id, log_level: 'INFO', message }));
  return { path: '/api/logs/ndjson', contentType: 'application/x-ndjson', body: `${lines.join('\n')}\n` };
}

function records(texts: readonly string[]): OtlpTestRecord[] {
  return texts.map((body) => ({ timeMs: Date.now(), severityNumber: 9, body }));
}

interface ClientOptions {
  /** The APIs that may be asked, as they are at the moment. */
  readonly urls: () => readonly string[];
  readonly apiKey: string;
  readonly ledger: LogLedger;
  readonly random: Random;
}

/** A client that is refused or cut off asks again after so long, if it may. */
const RETRY_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 150;

/** Devices that send lines without end, in all formats and with both acknowledgements, and note what they hear. */
export class LogClients {
  private readonly running: Promise<void>[] = [];
  private isOver = false;
  private asked = 0;

  constructor(private readonly options: ClientOptions) {}

  /** Adds so many devices, each of which sends one request after the other. */
  begin(devices: number): void {
    this.isOver = false;
    const { random } = this.options;
    for (let device = 0; device < devices; device++) this.running.push(this.send(`device-${random(1e9)}`));
  }

  /** Sends nothing more, and waits for the answers that are under way. */
  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.running.splice(0));
  }

  /** Sends one request, once. How it went is in the ledger. */
  async sendOnce(format: string, ack: 'queued' | 'stored', lineCount = 1): Promise<SentLogs> {
    const request = this.options.ledger.note(format, lineCount);
    await this.attempt(request, makeRequest(format, request.texts, 'device-once'), ack);
    return request;
  }

  private async send(deviceId: string): Promise<void> {
    const { random, ledger } = this.options;
    const names = Object.keys(formats);
    while (!this.isOver) {
      const format = names[random(names.length)] ?? '';
      const request = ledger.note(format, 1 + random(formats[format]?.maxLines ?? 1));
      const ack = random(3) === 0 ? 'stored' : 'queued';
      const outgoing = makeRequest(format, request.texts, deviceId);
      do {
        await this.attempt(request, outgoing, ack);
        await delay(request.isTaken ? random(LONGEST_PAUSE_MS) : RETRY_PAUSE_MS);
      } while (!request.isTaken && outgoing.repeatable && !this.isOver);
    }
  }

  private async attempt(request: SentLogs, outgoing: Outgoing, ack: string): Promise<void> {
    const { urls, apiKey } = this.options;
    const running = urls();
    const url = running[this.asked++ % running.length];
    try {
      const response = await fetch(`${url}${outgoing.path}?ack=${ack}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${apiKey}`,
          'content-type': outgoing.contentType,
          ...outgoing.repeatable?.headers,
        },
        body: outgoing.body,
      });
      request.heard(response.status, await response.text(), response.headers.get('retry-after'));
    } catch (error) {
      request.cutOff(String(error));
    }
  }
}

function makeRequest(format: string, texts: readonly string[], deviceId: string): Outgoing {
  const { make } = formats[format] ?? {};
  if (!make) throw new Error(`There is no format ${format}.`);
  return make(texts, deviceId);
}
