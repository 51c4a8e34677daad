import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Erasers } from '../../conversation/index.js';
import { FileQuotaRepository } from '../file-quota.repository.js';
import { FileRemoval } from './file-removal.service.js';
import { RemovalRepository } from './removal.repository.js';

const BATCH_SIZE = 100;
/** Less than an eraser is given; what is left then is taken up again. */
const BUDGET_MS = 20_000;

/** With a user go all files, those too that are just coming in. */
@Injectable()
export class FileErasure implements OnModuleInit {
  constructor(
    private readonly erasers: Erasers,
    private readonly repository: RemovalRepository,
    private readonly removal: FileRemoval,
    private readonly quotas: FileQuotaRepository,
  ) {}

  onModuleInit(): void {
    this.erasers.register('file', { eraseUser: (userId) => this.eraseUser(userId) });
  }

  private async eraseUser(userId: string): Promise<void> {
    const deadlineMs = performance.now() + BUDGET_MS;
    while ((await this.repository.takeSome(userId, BATCH_SIZE)) === BATCH_SIZE);
    for (;;) {
      const files = await this.repository.listLeavingOf(userId, BATCH_SIZE);
      if (files.length === 0) break;
      for (const file of files) {
        if (!(await this.removal.finish(file)))
          throw new Error('A file of an erased user could not be removed.');
        if (performance.now() > deadlineMs)
          throw new Error('An erased user has more files; it is gone on later.');
      }
    }
    await this.quotas.forget(userId);
  }
}
