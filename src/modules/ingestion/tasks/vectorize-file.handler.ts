import { Injectable } from '@nestjs/common';
import {
  FileProgress,
  FileService,
  type FileTaskPayload,
  type FileTaskResult,
  vectorizeFile,
} from '../../file/index.js';
import { KnowledgeService } from '../../knowledge/index.js';
import { DoesTask, type TaskHandler, type TaskRun } from '../../task/index.js';
import { FileIngestion } from '../file-ingestion.service.js';
import { reportingFailure } from './report-failure.js';

/** Makes the vectors of a file again, by the embedder that is configured now. */
@Injectable()
@DoesTask(vectorizeFile)
export class VectorizeFileHandler implements TaskHandler<typeof vectorizeFile> {
  constructor(
    private readonly files: FileService,
    private readonly progress: FileProgress,
    private readonly knowledge: KnowledgeService,
    private readonly ingestion: FileIngestion,
  ) {}

  async run({ file_id: id }: FileTaskPayload, { signal, attempt }: TaskRun): Promise<FileTaskResult> {
    const file = await this.files.get(id);
    return reportingFailure(this.progress, id, 'vectorization', async () => {
      // A later run goes on with those that are missing.
      if (attempt === 1) await this.knowledge.forgetVectors(id);
      return { vectors: await this.ingestion.embed(file, signal) };
    });
  }
}
