import { type EventSourceMessage, EventSourceParserStream } from 'eventsource-parser/stream';
import type { OverviewAnswer } from './monitoring.js';

/** A client of `GET /api/admin/live`, and what it was told. */
export class LiveClient {
  readonly events: EventSourceMessage[] = [];
  status = 0;
  private readonly leaving = new AbortController();

  static async open(url: string, headers: Record<string, string>): Promise<LiveClient> {
    const client = new LiveClient();
    const answer = await fetch(`${url}/api/admin/live`, { headers, signal: client.leaving.signal });
    client.status = answer.status;
    if (answer.ok && answer.body) void client.read(answer.body).catch(() => undefined);
    else await answer.text();
    return client;
  }

  get overviews(): OverviewAnswer[] {
    return this.events
      .filter(({ event }) => event === 'overview')
      .map(({ data }) => JSON.parse(data) as OverviewAnswer);
  }

  leave(): void {
    this.leaving.abort();
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    const events = body
      .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
      .pipeThrough(new EventSourceParserStream());
    for await (const event of events) this.events.push(event);
  }
}
