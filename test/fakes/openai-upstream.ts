import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What the fake does with one request. Once it returns, nothing more is sent: end the answer in it, or hang. */
export type Script = (call: UpstreamCall) => void | Promise<void>;

/** One request that the fake got, and the ways to answer it byte by byte. */
export class UpstreamCall {
  /** True once the caller has closed the connection before the answer had ended. */
  isAbandoned = false;
  /** Resolves when the connection or the answer has ended, whoever ended it. */
  readonly closed: Promise<void>;

  constructor(
    readonly path: string,
    readonly headers: IncomingHttpHeaders,
    readonly body: Record<string, unknown>,
    readonly socket: Socket,
    private readonly response: ServerResponse,
  ) {
    this.closed = this.waitForClose();
  }

  private async waitForClose(): Promise<void> {
    await once(this.response, 'close');
    this.isAbandoned = !this.response.writableFinished;
  }

  /** Sends the head of the answer at once. */
  begin(status = 200, headers: Record<string, string> = {}): void {
    this.response.writeHead(status, { 'content-type': 'text/event-stream', ...headers });
    this.response.flushHeaders();
  }

  /** Sends bytes as they are, and waits until they are on their way as a packet of their own. */
  write(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.response.write(bytes, () => setImmediate(resolve));
    });
  }

  send(frame: unknown): Promise<void> {
    return this.write(`data: ${typeof frame === 'string' ? frame : JSON.stringify(frame)}\n\n`);
  }

  sendDelta(delta: unknown, finishReason: string | null = null): Promise<void> {
    return this.send({ choices: [{ index: 0, delta, finish_reason: finishReason }] });
  }

  async sendTexts(...texts: string[]): Promise<void> {
    for (const content of texts) await this.sendDelta({ content });
  }

  sendUsage(promptTokens: number, completionTokens: number): Promise<void> {
    return this.send({
      choices: [],
      usage: { prompt_tokens: promptTokens, completion_tokens: completionTokens },
    });
  }

  /** Lets time pass, as a slow model does. */
  async pause(ms: number): Promise<void> {
    await delay(ms);
  }

  /** Sends a comment again and again until the connection ends. */
  async ping(intervalMs: number): Promise<void> {
    while (!this.response.closed) {
      await this.write(': ping\n\n');
      await delay(intervalMs);
    }
  }

  end(): void {
    this.response.end();
  }

  /** Ends the connection with a TCP reset. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Answers with an error as the OpenAI API does. */
  refuse(status: number, message: string, headers: Record<string, string> = {}): void {
    this.begin(status, { 'content-type': 'application/json', ...headers });
    this.response.end(JSON.stringify({ error: { message, type: 'invalid_request_error' } }));
  }
}

/** Streams an answer of these pieces. `usage: null` leaves the count out, `done: false` the last line. */
export function answering(
  texts: readonly string[],
  options: { usage?: [number, number] | null; finishReason?: string; done?: boolean } = {},
): Script {
  return async (call) => {
    const { usage = [7, texts.length], finishReason = 'stop', done = true } = options;
    call.begin();
    await call.sendDelta({ role: 'assistant', content: '' });
    await call.sendTexts(...texts);
    await call.sendDelta({}, finishReason);
    if (usage) await call.sendUsage(...usage);
    if (done) await call.send('[DONE]');
    call.end();
  };
}

export function refusing(status: number, message = 'no', headers?: Record<string, string>): Script {
  return (call) => call.refuse(status, message, headers);
}

/** An OpenAI-compatible API that does what it is told, and remembers what it was asked. */
export class FakeUpstream {
  readonly calls: UpstreamCall[] = [];
  private scripts: Script[] = [];
  private readonly server = createServer((request, response) => void this.serve(request, response));

  static async start(): Promise<FakeUpstream> {
    const fake = new FakeUpstream();
    fake.server.listen(0, '127.0.0.1');
    await once(fake.server, 'listening');
    return fake;
  }

  /** For `LOCKKEEPER_UPSTREAM_URL`. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  /** Forgets what it was asked and follows these scripts from the next request on, the last one for ever. */
  follow(...scripts: Script[]): void {
    this.calls.length = 0;
    this.scripts = scripts;
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>;
    const call = new UpstreamCall(request.url ?? '', request.headers, body, request.socket, response);
    this.calls.push(call);
    const script = this.scripts.length > 1 ? this.scripts.shift() : this.scripts[0];
    if (script) await script(call);
    else call.refuse(418, 'The fake was not told what to answer.');
  }
}
