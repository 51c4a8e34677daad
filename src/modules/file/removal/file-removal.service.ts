import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { FileStorage } from '../../../platform/storage/index.js';
import { TaskService } from '../../task/index.js';
import { fileNotFound } from '../file.errors.js';
import { ProgressStore } from '../progress/progress.store.js';
import { type LeavingFile, RemovalRepository } from './removal.repository.js';

/** What a module keeps of files, and knows how to remove. */
export interface FileRemover {
  /**
   * Removes all that the module keeps of a file, which is not there any more: nothing is written about it that holds it
   * by `FileService.holdPresent`. May be called again for the same one, by two processes at once.
   * @throws if something is left: it is then called again later.
   */
  removeFile(file: { fileId: string; ownerId: string }): Promise<void>;
}

/** Whoever has begun to remove a file has it for so long before a worker takes it over. */
const LEASE_SECONDS = 60;
/** How long the request that deletes a file works on it; a worker does the rest. */
const REQUEST_BUDGET_MS = 5_000;
const FIRST_RETRY_SECONDS = 5;
const MAX_RETRY_SECONDS = 600;

/**
 * Removes files: first they are not there for anybody, then what came of them goes (chunks, vectors, graph), then their
 * bytes, and at last their row. It can be cut off anywhere, and is taken up again.
 */
@Injectable()
export class FileRemoval {
  private readonly logger = new Logger('Files');
  private readonly removers = new Map<string, FileRemover>();

  constructor(
    private readonly repository: RemovalRepository,
    private readonly storage: FileStorage,
    private readonly progress: ProgressStore,
    private readonly tasks: TaskService,
  ) {}

  /**
   * Has a module take part. Register when the module starts, in the API and in the worker alike.
   * @throws if the name is taken.
   */
  register(name: string, remover: FileRemover): void {
    if (this.removers.has(name)) throw new Error(`The remover ${name} is registered twice.`);
    this.removers.set(name, remover);
  }

  /**
   * Deletes a user's file. When this returns it is not there, and that is committed; what is left after five seconds, or
   * if something fails, a worker removes.
   * @throws file_not_found
   */
  async deleteFile(ownerId: string, id: string): Promise<void> {
    if (!(await this.repository.take(ownerId, id, LEASE_SECONDS))) throw fileNotFound();
    const isDone = new AbortController();
    const timeUp = delay(REQUEST_BUDGET_MS, undefined, { signal: isDone.signal }).catch(() => undefined);
    await Promise.race([this.finish({ id, ownerId, attempts: 1 }), timeUp]);
    isDone.abort();
  }

  /** Removes what has come of an upload that is not to be; nothing if it was accepted. */
  async discardUpload(id: string): Promise<void> {
    if (!(await this.repository.takeUpload(id, LEASE_SECONDS))) return;
    const file = await this.repository.find(id);
    if (file) await this.finish(file);
  }

  /** Removes one whose time has come. @returns whether nothing is left of it; undefined if somebody else has it. */
  async finishDue(id: string): Promise<boolean | undefined> {
    const file = await this.repository.claim(id, LEASE_SECONDS);
    return file && this.finish(file);
  }

  /** Removes what is left of a file that is not there any more. @returns false if it has to be tried again. */
  async finish({ id, ownerId, attempts }: LeavingFile): Promise<boolean> {
    try {
      await this.tasks.cancelOf(id);
      for (const remover of this.removers.values()) await remover.removeFile({ fileId: id, ownerId });
      await this.storage.remove(id);
      await this.progress.forget(id);
      await this.repository.forget(id);
      return true;
    } catch (error) {
      this.logger.error('a file could not be removed; it is tried again', error as Error, { file_id: id });
      const seconds = Math.min(FIRST_RETRY_SECONDS * 2 ** Math.min(attempts - 1, 10), MAX_RETRY_SECONDS);
      await this.repository.postpone(id, seconds).catch(() => undefined);
      return false;
    }
  }
}
