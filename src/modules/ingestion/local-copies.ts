import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';

/** Of this machine alone: what another one has in a shared directory may be in use. */
const PREFIX = `lockkeeper-document-${hostname().replaceAll(/[^\w.]/g, '_')}-`;

/** Of this process. */
const inUseHere = new Set<string>();

/** Documents as files of this machine, for as long as a parser reads them. */
@Injectable()
export class LocalCopies implements OnModuleInit {
  private readonly logger = new Logger('Files');

  /** Removes what processes have left that were killed: these are documents of users. */
  async onModuleInit(): Promise<void> {
    try {
      const names = await readdir(tmpdir());
      const left = names.filter((name) => name.startsWith(PREFIX) && !isInUse(name));
      for (const name of left) await rm(join(tmpdir(), name), { recursive: true, force: true });
      if (left.length > 0)
        this.logger.log('copies of documents removed that were left', { count: left.length });
    } catch (error) {
      this.logger.warn('copies of documents may be left', { reason: String(error) });
    }
  }

  /** Copies bytes to a file of this machine for as long as `work` needs it there. @throws what either throws */
  async with<T>(
    bytes: NodeJS.ReadableStream,
    signal: AbortSignal,
    work: (path: string) => Promise<T>,
  ): Promise<T> {
    const name = `${PREFIX}${process.pid}-${randomUUID()}`;
    inUseHere.add(name);
    const directory = join(tmpdir(), name);
    try {
      await mkdir(directory, { mode: 0o700 });
      const path = join(directory, 'document');
      await pipeline(bytes, createWriteStream(path, { mode: 0o600 }), { signal });
      return await work(path);
    } finally {
      await rm(directory, { recursive: true, force: true });
      inUseHere.delete(name);
    }
  }
}

/** Whether the process lives that made a copy; an earlier one may have had our number. */
function isInUse(name: string): boolean {
  if (inUseHere.has(name)) return true;
  const pid = Number.parseInt(name.slice(PREFIX.length), 10);
  if (!(pid > 0) || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
