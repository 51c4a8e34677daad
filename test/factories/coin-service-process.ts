import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../processes/coin-service.mjs', import.meta.url));

/** How a call failed that the ledger did not refuse. */
export interface CallFailure {
  code?: string;
  errno?: number;
  message: string;
  /** The database could not be asked, as the product sees it. */
  isAway: boolean;
}

/** What a caller gets: done, refused by its code, failed, or nothing since the process died. */
export type CallAnswer =
  | { kind: 'done' }
  | { kind: 'refused'; code: string }
  | { kind: 'failed'; failure: CallFailure }
  | { kind: 'lost' };

interface Message {
  id: number;
  refusal?: string;
  failure?: CallFailure;
}

/** The built ledger in a process of its own, to be killed and started again while it is called. */
export class CoinServiceProcess {
  private child: ChildProcess | undefined;
  private readonly calls = new Map<number, (answer: CallAnswer) => void>();
  private lastId = 0;

  private constructor(private readonly environment: Record<string, string>) {}

  static async start(environment: Record<string, string>): Promise<CoinServiceProcess> {
    const process = new CoinServiceProcess(environment);
    await process.start();
    return process;
  }

  /** Starts it again. @throws if it ends before it is ready. */
  async start(): Promise<void> {
    const child = fork(PROGRAM, {
      env: { PATH: process.env['PATH'], NODE_ENV: 'test', ...runMark(), ...this.environment },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const ended = once(child, 'exit');
    const isReady = await Promise.race([once(child, 'message').then(() => true), ended.then(() => false)]);
    if (!isReady) throw new Error('The process of the ledger ended before it was ready.');
    child.on('message', (message: Message) => this.calls.get(message.id)?.(toAnswer(message)));
    child.on('exit', () => {
      this.child = undefined;
      for (const answer of this.calls.values()) answer({ kind: 'lost' });
    });
    this.child = child;
  }

  /** Calls a method of the ledger's service; amounts are decimal strings. */
  call(operation: string, request: unknown): Promise<CallAnswer> {
    const { child } = this;
    if (!child?.connected) return Promise.resolve({ kind: 'lost' });
    const id = ++this.lastId;
    const { promise, resolve } = Promise.withResolvers<CallAnswer>();
    this.calls.set(id, resolve);
    child.send({ id, operation, request }, (error) => error && resolve({ kind: 'lost' }));
    return promise.finally(() => this.calls.delete(id));
  }

  /** SIGKILL, and waits for the end. */
  async kill(): Promise<void> {
    const { child } = this;
    if (!child) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

/** By which a run of the tests finds what it started. */
function runMark(): Record<string, string> {
  const directory = process.env['TEST_RUN_DIRECTORY'];
  return directory === undefined ? {} : { TEST_RUN_DIRECTORY: directory };
}

function toAnswer({ refusal, failure }: Message): CallAnswer {
  if (refusal !== undefined) return { kind: 'refused', code: refusal };
  return failure ? { kind: 'failed', failure } : { kind: 'done' };
}
