import { type Dispatcher, Pool } from 'undici';

/** One turn, as a client of the API saw it. Times are milliseconds from before the request was written. */
export interface StreamedTurn {
  id: string;
  conversationId: string;
  firstByteMs: number;
  totalMs: number;
}

export interface TurnRequest {
  apiKey: string;
  model: string;
  text: string;
  /** Undefined: a new conversation. */
  conversationId: string | undefined;
}

/** How the last event of a good stream ends. */
const LAST_BYTES = Buffer.from('data: [DONE]\n\n');
const TURN_TIMEOUT_MS = 120_000;
const MAX_ERROR_TEXT = 300;

/** Takes streamed turns as cheaply as can be: it looks at the first and the last bytes of an answer only. */
export class ChatClient {
  private readonly pool: Pool;

  /** @param streams how many turns are taken at a time, each on a connection of its own that stays open */
  constructor(url: string, streams: number) {
    this.pool = new Pool(url, { connections: streams, pipelining: 1 });
  }

  /** Takes one turn. @throws if the answer is not a stream that ends as it should. */
  takeTurn(request: TurnRequest): Promise<StreamedTurn> {
    return new Promise((resolve, reject) => {
      this.pool.dispatch(requestOptions(request), new TurnReader(resolve, reject));
    });
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}

function requestOptions({ apiKey, model, text, conversationId }: TurnRequest): Dispatcher.DispatchOptions {
  return {
    path: '/v1/chat/completions',
    method: 'POST',
    headers: {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      ...(conversationId === undefined ? {} : { 'x-conversation-id': conversationId }),
    },
    body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: text }] }),
    headersTimeout: TURN_TIMEOUT_MS,
    bodyTimeout: TURN_TIMEOUT_MS,
  };
}

class TurnReader implements Dispatcher.DispatchHandler {
  private readonly startedAt = performance.now();
  private readonly resolve: (turn: StreamedTurn) => void;
  private readonly reject: (error: Error) => void;
  private status = 0;
  private id = '';
  private conversationId = '';
  private firstByteMs: number | undefined;
  private tail: Buffer = Buffer.alloc(0);

  constructor(resolve: (turn: StreamedTurn) => void, reject: (error: Error) => void) {
    this.resolve = resolve;
    this.reject = reject;
  }

  /** Undici asks for it. */
  onRequestStart(): void {}

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.status = status;
    this.id = String(headers['x-turn-id']);
    this.conversationId = String(headers['x-conversation-id']);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.firstByteMs ??= performance.now() - this.startedAt;
    const isWholeTail = chunk.length >= MAX_ERROR_TEXT;
    this.tail = isWholeTail ? chunk : Buffer.concat([this.tail, chunk]).subarray(-MAX_ERROR_TEXT);
  }

  onResponseEnd(): void {
    const totalMs = performance.now() - this.startedAt;
    const { id, conversationId, firstByteMs, tail } = this;
    const isGood = this.status === 200 && tail.subarray(-LAST_BYTES.length).equals(LAST_BYTES);
    if (isGood && firstByteMs !== undefined) this.resolve({ id, conversationId, firstByteMs, totalMs });
    else this.reject(new Error(`${this.status} ${withoutIds(tail.toString())}`));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.reject(error);
  }
}

/** So that equal errors can be counted together. */
function withoutIds(text: string): string {
  return text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '…').trim();
}
