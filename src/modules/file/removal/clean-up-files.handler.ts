import { Injectable } from '@nestjs/common';
import {
  inBatches,
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { cleanUpFiles } from './clean-up-files.task.js';
import { FileRemoval } from './file-removal.service.js';
import { RemovalRepository } from './removal.repository.js';

/** Each of them is many transactions, and the removal of bytes. */
const BATCH_SIZE = 100;

/** Finishes what deletions and uploads have left. One that fails waits longer each time, and is never given up. */
@Injectable()
@RunsTask(cleanUpFiles)
export class CleanUpFilesHandler implements PeriodicTaskHandler {
  constructor(
    private readonly repository: RemovalRepository,
    private readonly removal: FileRemoval,
  ) {}

  async run({ signal }: Pick<TaskRun, 'signal'>): Promise<TaskOutcome> {
    let removed = 0;
    let failed = 0;
    await inBatches(signal, BATCH_SIZE, async (size) => {
      const ids = await this.repository.listDue(size);
      for (const id of ids) {
        if (signal.aborted) break;
        const isDone = await this.removal.finishDue(id);
        if (isDone === true) removed++;
        if (isDone === false) failed++;
      }
      return { found: ids.length };
    });
    return { removed, failed };
  }
}
