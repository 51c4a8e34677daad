import { statfs } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import { appEnvironmentConfig, type ConfigOf } from '../../../platform/config/index.js';
import { Reading } from '../reading.js';

/** The room on the disk of the data directory, or, if there is none, of the working directory. */
export interface DiskRoom {
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly isNearlyFull: boolean;
}

/** Both must be true of a disk that is nearly full: a large disk has room when little of it is left. */
const LITTLE_SHARE = 0.1;
const LITTLE_BYTES = 2_000_000_000;
const READING_AGE_MS = 5_000;
const TIMEOUT_MS = 200;

/** Looks how much room the disk has, which may be a network's and hang. */
@Injectable()
export class DiskWatch {
  readonly room: Reading<DiskRoom>;

  constructor(@Inject(appEnvironmentConfig.token) { dataDir }: ConfigOf<typeof appEnvironmentConfig>) {
    this.room = new Reading(() => measureDisk(dataDir), {
      maxAgeMs: READING_AGE_MS,
      timeoutMs: TIMEOUT_MS,
    });
  }
}

async function measureDisk(directory: string): Promise<DiskRoom> {
  const { bsize, bavail, blocks } = await statfs(directory).catch(() => statfs('.'));
  const freeBytes = bsize * bavail;
  const totalBytes = bsize * blocks;
  const isNearlyFull = freeBytes < LITTLE_SHARE * totalBytes && freeBytes < LITTLE_BYTES;
  return { freeBytes, totalBytes, isNearlyFull };
}
