import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** What came back for one request. */
export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: string;
}

/** One client connection that is kept alive, and never tries a request twice. */
export class Connection {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(private readonly url: string) {}

  /** @throws if the connection ends before the answer does. */
  send(method: string, path: string, headers: Record<string, string>, body?: object): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        this.url + path,
        {
          method,
          agent: this.agent,
          headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (data: string) => (text += data));
          response.on('error', reject);
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
          );
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body && JSON.stringify(body));
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

/** Clients that ask without end, until they are told to stop, and note whatever goes wrong. */
export class Load {
  readonly failures: string[] = [];
  /** How many requests of each kind were answered as they should be. */
  readonly answered: Record<string, number> = {};
  private readonly clients: Promise<void>[] = [];
  private isOver = false;

  constructor(private readonly url: string) {}

  /** Adds one client. `ask` sends one request and throws unless the answer is right. */
  add(kind: string, ask: (connection: Connection) => Promise<void>, pauseMs = 0): void {
    this.answered[kind] ??= 0;
    this.clients.push(this.run(kind, ask, pauseMs));
  }

  /** Waits for what was begun. */
  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.clients);
  }

  private async run(
    kind: string,
    ask: (connection: Connection) => Promise<void>,
    pauseMs: number,
  ): Promise<void> {
    const connection = new Connection(this.url);
    while (!this.isOver) {
      try {
        await ask(connection);
        this.answered[kind] = (this.answered[kind] ?? 0) + 1;
      } catch (error) {
        this.failures.push(`${kind}: ${String(error)}`);
      }
      await delay(pauseMs);
    }
    connection.close();
  }
}
