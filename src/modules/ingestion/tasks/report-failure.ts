import { AppError, errorKinds } from '../../../platform/errors/index.js';
import type { FileProgress, FileStep } from '../../file/index.js';

/** Tells a file's owner why a step of it has failed for good; of what is tried again nothing is said. */
export async function reportingFailure<T>(
  progress: FileProgress,
  fileId: string,
  step: FileStep,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError && !errorKinds[error.kind].isRetryable) {
      await progress.report(fileId, step, { status: 'failed', progress: 0 }, error.message);
    }
    throw error;
  }
}
