import { Injectable } from '@nestjs/common';
import {
  extractFileGraph,
  FileProgress,
  FileService,
  type FileTaskPayload,
  type FileTaskResult,
} from '../../file/index.js';
import { DoesTask, type TaskHandler, type TaskRun } from '../../task/index.js';
import { FileIngestion } from '../file-ingestion.service.js';
import { reportingFailure } from './report-failure.js';

/** Makes the graph of a file again. */
@Injectable()
@DoesTask(extractFileGraph)
export class ExtractFileGraphHandler implements TaskHandler<typeof extractFileGraph> {
  constructor(
    private readonly files: FileService,
    private readonly progress: FileProgress,
    private readonly ingestion: FileIngestion,
  ) {}

  async run({ file_id: id }: FileTaskPayload, { signal }: TaskRun): Promise<FileTaskResult> {
    const file = await this.files.get(id);
    const graph = await reportingFailure(this.progress, id, 'kg_extraction', () =>
      this.ingestion.extractGraph(file, signal),
    );
    const { chunks, unchanged, refused, malformed, overBudget, tokensSpent } = graph;
    return { chunks, unchanged, refused, malformed, over_budget: overBudget, tokens: tokensSpent };
  }
}
