import { Injectable, Logger } from '@nestjs/common';
import {
  inBatches,
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import type { EmbeddedPlace } from '../files/knowledge-file.repository.js';
import { knowledgeFileSuperseded } from '../knowledge.errors.js';
import { KnowledgeService } from '../knowledge.service.js';
import { embedDocumentsAnew } from './embed-documents-anew.task.js';

const FILES_A_BATCH = 50;

/** Embeds files anew after a change of the embedder, one after the other; what is embedded stays so, wherever it stops. */
@Injectable()
@RunsTask(embedDocumentsAnew)
export class EmbedDocumentsAnewHandler implements PeriodicTaskHandler {
  private readonly logger = new Logger('Knowledge');

  constructor(private readonly knowledge: KnowledgeService) {}

  /** Works until nothing is left or the signal is aborted; the rest waits for the next time. @throws a provider error */
  async run({ signal }: Pick<TaskRun, 'signal'>): Promise<TaskOutcome> {
    let files = 0;
    await inBatches(signal, FILES_A_BATCH, async (size, after: EmbeddedPlace | undefined) => {
      const outdated = await this.knowledge.listOutdated(after, size);
      for (const { fileId } of outdated) {
        if (signal.aborted) break;
        if (await this.embed(fileId, signal)) files++;
      }
      return { found: outdated.length, last: outdated.at(-1) };
    });
    if (files > 0) this.logger.log('files embedded anew', { files });
    return { files };
  }

  /** @returns false if it was not done: the time is up, or the file was removed or has other chunks meanwhile. */
  private async embed(fileId: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.knowledge.embedPending(fileId, { signal });
      return true;
    } catch (error) {
      if (signal.aborted || knowledgeFileSuperseded.is(error)) return false;
      throw error;
    }
  }
}
