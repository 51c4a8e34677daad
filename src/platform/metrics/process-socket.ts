import { randomBytes } from 'node:crypto';
import {
  readdir,
  readFile,
  readlink,
  rename,
  stat,
  symlink,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { isListenedTo, serveAnswer } from './socket-exchange.js';

const CHECK_INTERVAL_MS = 2_000;
/** A process that has died without a word is shown as down for so long. */
export const REMEMBERED_MS = 10 * 60_000;
const TOUCH_INTERVAL_MS = 20_000;
/** Of like processes on one machine. */
const MAX_NUMBER = 999;
const MAX_NAMES = 64;
const NAME_SUFFIX = '.sock';
const OWN_SUFFIX = '.own';

/** What a process is called by: its role, and its number if somebody (PM2) has given it one. */
export interface ProcessTitle {
  readonly role: string;
  readonly instance: number | undefined;
}

/**
 * The socket by which a process is found by its name. The socket itself is a file of the process's own; the name is a
 * link to it, so that it can be taken and passed on in one step.
 *
 * A process with a number of its own takes its name from whoever has it: that is its predecessor, which PM2 lets go on
 * until this one serves, and which then is `…-before`. One without a number takes the first that is free.
 */
export class ProcessSocket {
  private ownFile = '';
  private currentName: string;
  private server: Server | undefined;
  private timer: NodeJS.Timeout | undefined;
  private touchedAtMs = 0;
  private checking: Promise<void> = Promise.resolve();

  constructor(
    private readonly directory: string,
    private readonly title: ProcessTitle,
    private readonly answer: () => Promise<string>,
    private readonly onTrouble: (error: unknown) => void,
  ) {
    this.currentName = `${title.role}-${title.instance ?? 0}`;
  }

  /** The name that this process has now. */
  get name(): string {
    return this.currentName;
  }

  /** Serves, and takes a name. Returns how often a process of this name has been started before. */
  async open(): Promise<number> {
    await this.removeOrphans();
    await this.listen();
    await this.takeName();
    this.timer = setInterval(() => this.startCheck(), CHECK_INTERVAL_MS).unref();
    return this.countStart();
  }

  /** Gives the name up. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.checking;
    if ((await this.holderOf(this.currentName)) === this.ownFile) await remove(this.pathOf(this.currentName));
    // Removes the file, too.
    this.server?.close();
  }

  private startCheck(): void {
    this.checking = this.checking.then(() => this.check()).catch(this.onTrouble);
  }

  /** Whether the name is still ours: a successor may have it, or somebody may have cleaned the directory. */
  private async check(): Promise<void> {
    const now = Date.now();
    let holder = await this.holderOf(this.currentName);
    const isDue = holder !== this.ownFile || now - this.touchedAtMs >= TOUCH_INTERVAL_MS;
    if (isDue && !(await this.touch(now))) {
      this.server?.close();
      await this.listen();
      holder = undefined;
    }
    if (holder === this.ownFile) return;
    const isSucceeded = holder !== undefined && this.title.instance !== undefined;
    if (isSucceeded && !this.currentName.endsWith('-before'))
      await this.replaceName(`${this.currentName}-before`);
    else if (isSucceeded) await this.takeFreeName();
    else await this.takeName();
  }

  /** Shows when this process was last alive. False if its file is gone. */
  private async touch(nowMs: number): Promise<boolean> {
    this.touchedAtMs = nowMs;
    return utimes(join(this.directory, this.ownFile), nowMs / 1000, nowMs / 1000).then(
      () => true,
      () => false,
    );
  }

  private async listen(): Promise<void> {
    this.ownFile = `${randomBytes(5).toString('hex')}${OWN_SUFFIX}`;
    this.touchedAtMs = Date.now();
    this.server = await serveAnswer(join(this.directory, this.ownFile), this.answer);
  }

  private async takeName(): Promise<void> {
    const { role, instance } = this.title;
    if (instance === undefined) await this.takeFreeName();
    else await this.replaceName(`${role}-${instance}`);
  }

  private async takeFreeName(): Promise<void> {
    for (let number = 0; number <= MAX_NUMBER; number++) {
      if (await this.takeIfFree(`${this.title.role}-${number}`)) return;
    }
    throw new Error(`There are more than ${MAX_NUMBER} processes of the role ${this.title.role}.`);
  }

  private async takeIfFree(name: string): Promise<boolean> {
    try {
      await symlink(this.ownFile, this.pathOf(name));
      this.currentName = name;
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (await isListenedTo(this.pathOf(name))) return false;
    // Two who both find it dead may both take it; the one who has it no longer finds out at its next check.
    await this.replaceName(name);
    return true;
  }

  private async replaceName(name: string): Promise<void> {
    const link = join(this.directory, `${this.ownFile}.link`);
    await remove(link);
    await symlink(this.ownFile, link);
    await rename(link, this.pathOf(name));
    this.currentName = name;
  }

  private holderOf(name: string): Promise<string | undefined> {
    return readlink(this.pathOf(name)).catch(() => undefined);
  }

  private pathOf(name: string): string {
    return socketPath(this.directory, name);
  }

  private async countStart(): Promise<number> {
    const file = join(this.directory, `${this.currentName}.starts`);
    const before = Number(await readFile(file, 'utf8').catch(() => '0'));
    const count = Number.isSafeInteger(before) && before >= 0 ? before : 0;
    await writeFile(file, String(count + 1), { mode: 0o600 });
    return count;
  }

  /** Removes the files of processes that have died long ago and whose names others have. */
  private async removeOrphans(): Promise<void> {
    for (const file of await readdir(this.directory)) {
      const path = join(this.directory, file);
      if (file.endsWith(OWN_SUFFIX) && (await isLongDead(path))) await remove(path);
    }
  }
}

export function socketPath(directory: string, name: string): string {
  return join(directory, name + NAME_SUFFIX);
}

/** The names that are taken in a directory, of processes that live or have died. */
export async function listNames(directory: string): Promise<string[]> {
  const files = await readdir(directory);
  return files
    .filter((file) => file.endsWith(NAME_SUFFIX))
    .map((file) => file.slice(0, -NAME_SUFFIX.length))
    .sort()
    .slice(0, MAX_NAMES);
}

/** Forgets a name on which nobody listens, once its process has been dead for long. True if it is forgotten. */
export async function forgetIfLongDead(directory: string, name: string): Promise<boolean> {
  const path = socketPath(directory, name);
  if (!(await isLongDead(path))) return false;
  const ownFile = await readlink(path).catch(() => undefined);
  await remove(path);
  if (ownFile !== undefined) await remove(join(directory, ownFile));
  return true;
}

async function isLongDead(path: string): Promise<boolean> {
  const lastAliveMs = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    // A link to nothing is left of a process that ended as it should.
    () => 0,
  );
  return Date.now() - lastAliveMs > REMEMBERED_MS && !(await isListenedTo(path));
}

/** Removes a file, which may be gone already. */
async function remove(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
