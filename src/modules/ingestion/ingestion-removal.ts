import { Injectable, type OnModuleInit } from '@nestjs/common';
import { FileRemoval } from '../file/index.js';
import { GraphService } from '../graph/index.js';
import { KnowledgeService } from '../knowledge/index.js';
import { TaskService } from '../task/index.js';

/**
 * Removes what has come of a file that is deleted. As long as a task still runs on it, it might write more: then the
 * removal is tried again a little later, when the task has heard that it is cancelled.
 */
@Injectable()
export class IngestionRemoval implements OnModuleInit {
  constructor(
    private readonly removal: FileRemoval,
    private readonly tasks: TaskService,
    private readonly graph: GraphService,
    private readonly knowledge: KnowledgeService,
  ) {}

  onModuleInit(): void {
    this.removal.register('ingestion', { removeFile: ({ fileId }) => this.removeFile(fileId) });
  }

  private async removeFile(fileId: string): Promise<void> {
    if (await this.tasks.isRunningOn(fileId)) throw new Error('A task still runs on the file.');
    await this.graph.removeFile(fileId);
    await this.knowledge.removeFile(fileId);
  }
}
