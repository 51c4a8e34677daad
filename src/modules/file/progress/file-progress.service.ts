import { Injectable } from '@nestjs/common';
import { AppError } from '../../../platform/errors/index.js';
import { TaskService } from '../../task/index.js';
import { type FileStep, isSettled, type StoredFile } from '../domain/file.js';
import { FileRepository } from '../file.repository.js';
import {
  type FileProgressDocument,
  type StepProgress,
  toDocument,
  uploadDocument,
} from './progress-document.js';
import { ProgressRepository } from './progress.repository.js';
import { ProgressStore } from './progress.store.js';

const WHOLE = 100;

/** How far files are in their processing: handlers of tasks report it, owners read it. */
@Injectable()
export class FileProgress {
  constructor(
    private readonly files: FileRepository,
    private readonly repository: ProgressRepository,
    private readonly store: ProgressStore,
    private readonly tasks: TaskService,
  ) {}

  /**
   * Notes how far a step of a file is; of a file that is not there any more, nothing. The file is `failed` once a step
   * is, `completed` once all are. A change of the status lasts; the progress between, 0 to 100, is told as long as the
   * cache has it. Call it a few times a second at most.
   * @param message for the owner: what is being done, or why it failed.
   */
  async report(fileId: string, step: FileStep, progress: StepProgress, message?: string): Promise<void> {
    const bounded = { ...progress, progress: Math.max(0, Math.min(WHOLE, Math.floor(progress.progress))) };
    const status = await this.repository.noteStep(fileId, step, bounded.status, message);
    if (!status) return;
    const state = { status, message, document: undefined };
    if (await this.store.merge(fileId, step, bounded, state)) return;
    const file = await this.files.find(fileId);
    if (file) await this.store.merge(fileId, step, bounded, { ...state, document: toDocument(file) });
  }

  /** How far a file is, be it coming in or processed. A task of it that has ended without a word has failed. */
  async read(file: StoredFile): Promise<FileProgressDocument> {
    if (file.status === 'uploading') {
      const upload = (await this.store.findUpload(file.id)) ?? uploadDocument(file.id, 0, undefined);
      return { ...toDocument(file), progress: upload.progress };
    }
    const settled = await this.settle(file);
    if (isSettled(settled.status)) return toDocument(settled);
    return toDocument(settled, await this.store.findProcessing(file.id));
  }

  /** The same file, failed if the task that was to process it has ended by failing. */
  async settle(file: StoredFile): Promise<StoredFile> {
    if (file.jobId === null || (file.status !== 'queued' && file.status !== 'processing')) return file;
    const failure = await this.failureOf(file.ownerId, file.jobId);
    if (failure === undefined) return file;
    await this.repository.noteAbandoned(file.id, file.jobId, failure);
    return (await this.files.find(file.id)) ?? file;
  }

  /** Tells readers anew that steps are to be done. */
  async begin(file: StoredFile): Promise<void> {
    await this.store.begin(toDocument(file));
  }

  private async failureOf(ownerId: string, taskId: string): Promise<string | undefined> {
    try {
      const { state, error } = await this.tasks.find(ownerId, taskId);
      if (state !== 'failed' && state !== 'cancelled') return undefined;
      return error ?? `The task was ${state}.`;
    } catch (error) {
      if (error instanceof AppError && error.kind === 'not_found') return 'The task has ended.';
      throw error;
    }
  }
}
