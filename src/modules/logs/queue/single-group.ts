import type { LogLine } from '../domain/log-line.js';

/** How long the first line of a group waits for others. */
const GROUP_MS = 2;
const MAX_LINES = 1_000;

/** Collects single lines for a moment, so that many small requests become one entry. */
export class SingleGroup {
  private lines: LogLine[] = [];
  private appended: PromiseWithResolvers | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** `append` takes in the lines of a group, all or none, and gives their receipt. */
  constructor(private readonly append: (lines: readonly LogLine[]) => Promise<string>) {}

  /** Adds a line to the group that is being collected. @returns the receipt of the group, once it is taken in. */
  add(line: LogLine): Promise<string> {
    this.lines.push(line);
    this.appended ??= withResolvers();
    const { promise } = this.appended;
    if (this.lines.length >= MAX_LINES) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), GROUP_MS);
    return promise;
  }

  private flush(): void {
    const { lines, appended } = this;
    if (!appended) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.lines = [];
    this.appended = undefined;
    this.append(lines).then(appended.resolve, appended.reject);
  }
}

interface PromiseWithResolvers {
  promise: Promise<string>;
  resolve: (receiptId: string) => void;
  reject: (error: unknown) => void;
}

/** `Promise.withResolvers` came with Node.js 22. */
function withResolvers(): PromiseWithResolvers {
  let resolve!: (receiptId: string) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<string>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
