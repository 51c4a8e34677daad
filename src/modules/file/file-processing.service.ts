import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import { TaskAdmission, TaskService } from '../task/index.js';
import { type FileStatus, type FileStep, fileSteps } from './domain/file.js';
import { fileNotFound } from './file.errors.js';
import { FileRepository } from './file.repository.js';
import { extractFileGraph, type FileTaskDefinition, processFile, vectorizeFile } from './file-task-kinds.js';
import { FileProgress } from './progress/file-progress.service.js';
import { ProgressRepository } from './progress/progress.repository.js';

/** That a file is to be processed, and by which task. */
export interface FileReceipt {
  readonly fileId: string;
  readonly jobId: string;
  readonly status: FileStatus;
}

/** What can be done with a file, and which of its steps that is. */
const processings = {
  process: { definition: processFile, steps: fileSteps },
  vectorize: { definition: vectorizeFile, steps: ['vectorization', 'storage'] },
  extractGraph: { definition: extractFileGraph, steps: ['kg_extraction'] },
} as const satisfies Record<string, { definition: FileTaskDefinition; steps: readonly FileStep[] }>;
export type FileProcessing = keyof typeof processings;

/** Has files processed, by tasks of their owners. */
@Injectable()
export class FileProcessingService {
  constructor(
    private readonly transactions: Transactions,
    private readonly files: FileRepository,
    private readonly repository: ProgressRepository,
    private readonly progress: FileProgress,
    private readonly tasks: TaskService,
    private readonly admission: TaskAdmission,
  ) {}

  /**
   * Has something done with a file again. While the same is to be done already, that task is the answer.
   * @throws file_not_found, task_quota_exceeded
   */
  async submit(ownerId: string, fileId: string, processing: FileProcessing): Promise<FileReceipt> {
    const file = await this.files.find(fileId, ownerId);
    if (!file || file.status === 'uploading') throw fileNotFound();
    const receipt = await this.transactions.run((transaction) =>
      this.submitWithin(transaction, ownerId, fileId, processing),
    );
    await this.begun(fileId, processing);
    return receipt;
  }

  /** The same as a part of a transaction; call `begun` after the commit. */
  async submitWithin(
    transaction: Transaction,
    ownerId: string,
    fileId: string,
    processing: FileProcessing,
  ): Promise<FileReceipt> {
    const { definition, steps } = processings[processing];
    if (!(await this.files.holdPresent(transaction, fileId, 'FOR UPDATE'))) throw fileNotFound();
    const { taskId, state, isDuplicate } = await this.tasks.submitWithin(
      transaction,
      ownerId,
      definition,
      { file_id: fileId },
      { deduplicationKey: fileId },
    );
    // Of a task that runs already the steps stay as they are.
    if (!isDuplicate) await this.repository.begin(transaction, fileId, steps, taskId);
    return { fileId, jobId: taskId, status: state === 'started' ? 'processing' : 'queued' };
  }

  /** What follows the commit: workers are woken, and readers told. */
  async begun(fileId: string, processing: FileProcessing): Promise<void> {
    this.admission.hasten(processings[processing].definition.queue);
    const file = await this.files.find(fileId);
    if (file) await this.progress.begin(file);
  }
}
