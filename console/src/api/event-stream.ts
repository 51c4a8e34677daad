/** One event of a stream of server-sent events. */
export interface ServerEvent {
  /** The newest id that the stream told, '' if none: what `Last-Event-ID` goes on after. */
  readonly id: string;
  /** `message` unless it has a name. */
  readonly name: string;
  readonly data: string;
}

const LINE_END = /\r\n|\n|\r/;

/**
 * Reads the events of an answer as they come, as the HTML standard says: pieces of the network end anywhere, comments
 * are passed over, an event that is cut off is dropped. It ends when the answer ends; a connection that breaks throws.
 */
export async function* readEvents(response: Response): AsyncGenerator<ServerEvent> {
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const parser = new EventParser();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield* parser.push(value);
    }
  } finally {
    // Whoever stops reading closes the connection too.
    reader.cancel().catch(() => undefined);
  }
}

/** Makes events of text that comes in pieces. */
class EventParser {
  private rest = '';
  private lastId = '';
  private name = '';
  private data: string[] = [];

  *push(text: string): Generator<ServerEvent> {
    this.rest += text;
    // A "\r" at the end may be the first half of "\r\n".
    const end = this.rest.endsWith('\r') ? this.rest.length - 1 : this.rest.length;
    const lines = this.rest.slice(0, end).split(LINE_END);
    this.rest = (lines.pop() ?? '') + this.rest.slice(end);
    for (const line of lines) {
      const event = this.take(line);
      if (event) yield event;
    }
  }

  private take(line: string): ServerEvent | undefined {
    if (line === '') return this.dispatch();
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'id') this.lastId = value;
    else if (field === 'event') this.name = value;
    else if (field === 'data') this.data.push(value);
    return undefined;
  }

  private dispatch(): ServerEvent | undefined {
    const event = { id: this.lastId, name: this.name || 'message', data: this.data.join('\n') };
    const hasData = this.data.length > 0;
    this.name = '';
    this.data = [];
    return hasData ? event : undefined;
  }
}
