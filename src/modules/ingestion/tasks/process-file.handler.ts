import { Injectable } from '@nestjs/common';
import {
  FileProgress,
  FileService,
  type FileTaskPayload,
  type FileTaskResult,
  processFile,
} from '../../file/index.js';
import { DoesTask, type TaskHandler, type TaskRun } from '../../task/index.js';
import { FileIngestion } from '../file-ingestion.service.js';
import { reportingFailure } from './report-failure.js';

/** Does all that is to be done with a file. A run that takes over goes on where the one before it stopped. */
@Injectable()
@DoesTask(processFile)
export class ProcessFileHandler implements TaskHandler<typeof processFile> {
  constructor(
    private readonly files: FileService,
    private readonly progress: FileProgress,
    private readonly ingestion: FileIngestion,
  ) {}

  async run({ file_id: id }: FileTaskPayload, { signal }: TaskRun): Promise<FileTaskResult> {
    const file = await this.files.get(id);
    const counts: FileTaskResult = {};
    // Its steps began anew when this task was submitted: one that is done was done by an earlier run of it.
    if (file.steps.chunking !== 'completed') {
      counts['chunks'] = await reportingFailure(this.progress, id, 'chunking', () =>
        this.ingestion.chunk(file, signal),
      );
    }
    counts['vectors'] = await reportingFailure(this.progress, id, 'vectorization', () =>
      this.ingestion.embed(file, signal),
    );
    await reportingFailure(this.progress, id, 'kg_extraction', () =>
      this.ingestion.extractGraph(file, signal),
    );
    return counts;
  }
}
