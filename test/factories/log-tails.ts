import { type EventSourceMessage, EventSourceParserStream } from 'eventsource-parser/stream';
import { waitUntil } from './wait.js';

/** A client of `GET /api/logs/tail`, and what it was told. */
export class TailClient {
  readonly events: EventSourceMessage[] = [];
  hasEnded = false;
  private readonly leaving = new AbortController();

  /** Opens a tail and waits until it is ready. */
  static async open(url: string, headers: Record<string, string>, filters: Record<string, string> = {}) {
    const client = new TailClient();
    const query = new URLSearchParams(filters).toString();
    const answer = await fetch(`${url}/api/logs/tail?${query}`, { headers, signal: client.leaving.signal });
    if (!answer.ok || !answer.body) throw new Error(`${answer.status}: ${await answer.text()}`);
    void client.read(answer.body);
    await waitUntil('the tail is ready', () => client.of('ready').length > 0);
    return client;
  }

  /** The data of the events of a type, in their order. */
  of(type: string): Record<string, unknown>[] {
    return this.events
      .filter(({ event }) => event === type)
      .map(({ data }) => JSON.parse(data) as Record<string, unknown>);
  }

  get messages(): unknown[] {
    return this.of('line').map(({ message }) => message);
  }

  leave(): void {
    this.leaving.abort();
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    try {
      const events = body
        .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
        .pipeThrough(new EventSourceParserStream());
      for await (const event of events) this.events.push(event);
    } catch {
      // It was left, or cut.
    }
    this.hasEnded = true;
  }
}
