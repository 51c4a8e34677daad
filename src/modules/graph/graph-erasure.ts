import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Erasers } from '../conversation/index.js';
import { GraphRunRepository } from './graph-run.repository.js';
import { GraphService } from './graph.service.js';

const FILES_A_READ = 20;

/** With a user go the graphs of the user's files. */
@Injectable()
export class GraphErasure implements OnModuleInit {
  constructor(
    private readonly erasers: Erasers,
    private readonly runs: GraphRunRepository,
    private readonly graph: GraphService,
  ) {}

  onModuleInit(): void {
    this.erasers.register('graph', { eraseUser: (userId) => this.eraseUser(userId) });
  }

  private async eraseUser(userId: string): Promise<void> {
    for (;;) {
      const fileIds = await this.runs.listFiles(userId, FILES_A_READ);
      if (fileIds.length === 0) return;
      for (const fileId of fileIds) await this.graph.removeFile(fileId);
    }
  }
}
