import { type ChildProcess, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { constants, getPriority, setPriority } from 'node:os';
import type { Block, ReadDocument } from '../domain/block.js';
import type { ReadLimits } from '../domain/read-limits.js';
import type { DocumentFormat } from '../domain/readable-types.js';
import {
  documentBroken,
  documentEmpty,
  documentEncrypted,
  documentTooLarge,
  documentTooSlow,
  documentTypeUnsupported,
} from '../extraction.errors.js';
import { type ReadReply, type ReadRequest, readReply } from './messages.js';
import { programArguments, programPath } from './program.js';

const MEMORY_CHECK_MS = 50;
/** What is kept of what a dying process says. */
const MAX_STDERR_CHARACTERS = 4_096;
const OUT_OF_MEMORY = /heap out of memory|Array buffer allocation failed|allocation failed/i;

const errors = [
  documentBroken,
  documentEmpty,
  documentEncrypted,
  documentTooLarge,
  documentTooSlow,
  documentTypeUnsupported,
];

/**
 * Reads a document in a process of its own, which is gone when this ends, however it ends.
 * @throws an error of the module; the signal's reason when it is aborted
 */
export function readInProcess(
  path: string,
  format: DocumentFormat,
  limits: ReadLimits,
  signal?: AbortSignal,
): Promise<ReadDocument> {
  return new Promise((resolve, reject) => {
    const reading = new ReadingProcess(limits, { resolve, reject });
    const abort = () => reading.end(() => reject(signal?.reason));
    signal?.addEventListener('abort', abort, { once: true });
    reading.onEnd = () => signal?.removeEventListener('abort', abort);
    reading.start({ path, format, limits: { ...limits } });
  });
}

interface Settling {
  resolve(document: ReadDocument): void;
  reject(reason: unknown): void;
}

class ReadingProcess {
  onEnd: () => void = () => {};
  private child: ChildProcess | undefined;
  private readonly blocks: Block[] = [];
  private characters = 0;
  private stderr = '';
  private timeout: NodeJS.Timeout | undefined;
  private memoryCheck: NodeJS.Timeout | undefined;
  /** What to do once the process is gone. */
  private outcome: (() => void) | undefined;

  constructor(
    private readonly limits: ReadLimits,
    private readonly settling: Settling,
  ) {}

  start(request: ReadRequest): void {
    const { timeoutMs, memoryBytes } = this.limits;
    const child = fork(programPath, [], {
      execArgv: programArguments(request.path, memoryBytes),
      // Nothing of what this process knows: no secrets, no options of Node.
      env: {},
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.child = child;
    child.on('message', (message) => this.take(message));
    child.on('error', (error) => this.end(() => this.settling.reject(error)));
    child.on('close', (code, signal) => this.gone(code, signal));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-MAX_STDERR_CHARACTERS);
    });
    this.timeout = setTimeout(() => this.fail(documentTooSlow()), timeoutMs);
    this.memoryCheck = setInterval(() => void this.checkMemory(), MEMORY_CHECK_MS);
    lowerPriority(child);
    child.send(request, (error) => {
      if (error) this.end(() => this.settling.reject(error));
    });
  }

  /** Kills the process; when it is gone, `outcome` happens. The first one counts. */
  end(outcome: () => void): void {
    this.outcome ??= outcome;
    clearTimeout(this.timeout);
    clearInterval(this.memoryCheck);
    this.child?.kill('SIGKILL');
    // One that could not be started will not end either.
    if (this.child?.pid === undefined) this.gone(null, null);
  }

  private fail(error: Error): void {
    this.end(() => this.settling.reject(error));
  }

  private take(message: unknown): void {
    if (this.outcome) return;
    const reply = readReply.safeParse(message);
    if (!reply.success) return this.fail(documentBroken({ detail: 'Its reader said what none says.' }));
    this.handle(reply.data);
  }

  private handle(reply: ReadReply): void {
    if (reply.type === 'blocks') {
      this.blocks.push(...reply.blocks);
      for (const { text } of reply.blocks) this.characters += text.length;
      const isTooMuch = this.characters > this.limits.characters || this.blocks.length > this.limits.blocks;
      if (isTooMuch) this.fail(documentTooLarge());
    } else if (reply.type === 'read') {
      const { title, language, isTruncated } = reply;
      const document = { title, language, blocks: this.blocks, isTruncated };
      this.end(() => this.settling.resolve(document));
    } else {
      const makeError = errors.find(({ definition }) => definition.code === reply.code) ?? documentBroken;
      this.fail(makeError({ detail: reply.detail }));
    }
  }

  private gone(code: number | null, signal: NodeJS.Signals | null): void {
    const { outcome } = this;
    this.outcome ??= () => {};
    clearTimeout(this.timeout);
    clearInterval(this.memoryCheck);
    this.onEnd();
    if (outcome) return outcome();
    // Nobody of ours has killed it: the kernel does when memory runs out, and V8 ends itself.
    const isMemory =
      signal === 'SIGKILL' || signal === 'SIGABRT' || code === 134 || OUT_OF_MEMORY.test(this.stderr);
    const cause = new Error(`The reader ended with ${signal ?? code}: ${this.stderr}`);
    this.settling.reject(isMemory ? documentTooLarge({ cause }) : documentBroken({ cause }));
  }

  /** Where the kernel tells (Linux); elsewhere the limit of V8's heap has to do. */
  private async checkMemory(): Promise<void> {
    const status = await readFile(`/proc/${this.child?.pid}/status`, 'utf8').catch(() => '');
    const kibibytes = Number(/^VmRSS:\s+(?<size>\d+) kB/m.exec(status)?.groups?.['size'] ?? 0);
    if (kibibytes * 1024 > this.limits.memoryBytes) this.fail(documentTooLarge());
  }
}

/** Reading a document can wait; requests cannot. */
function lowerPriority({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined)
      setPriority(pid, Math.max(getPriority(), constants.priority.PRIORITY_BELOW_NORMAL));
  } catch {
    // It has ended already, or the system knows no priorities.
  }
}
