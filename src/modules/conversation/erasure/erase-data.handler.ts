import { Injectable, Logger } from '@nestjs/common';
import {
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { eraseData } from './erase-data.task.js';
import { type ClaimedErasure, ErasureRepository } from './erasure.repository.js';
import { ErasureService } from './erasure.service.js';

const AT_ONCE = 4;
/** What one run does at the most; the rest waits for the next. */
const MAX_CLAIMS = 500;
/** How long one erasure is worked on before others have their turn. */
const BUDGET_MS = 10_000;
/** Longer than one takes; after a crash another run takes it then. Two at once do no harm. */
const LEASE_MS = 60_000;
const WAIT_MS = 15_000;
const FIRST_RETRY_MS = 5_000;
const MAX_RETRY_MS = 600_000;

/** Finishes erasures. Each is claimed by itself, since the request that deletes a conversation works on it, too. */
@Injectable()
@RunsTask(eraseData)
export class EraseDataHandler implements PeriodicTaskHandler {
  private readonly logger = new Logger('Erasures');

  constructor(
    private readonly repository: ErasureRepository,
    private readonly erasures: ErasureService,
  ) {}

  async run({ signal }: Pick<TaskRun, 'signal'>): Promise<TaskOutcome> {
    let looks = 0;
    for (let claims = 0; claims < MAX_CLAIMS && !signal.aborted; claims++) {
      const due = await this.repository.claimDue(AT_ONCE, LEASE_MS);
      if (due.length === 0) break;
      looks += due.length;
      await Promise.all(due.map((erasure) => this.advance(erasure)));
    }
    await this.repository.forgetFinished();
    return { looks };
  }

  /** One that fails waits longer each time, so that it holds up no other; it is never given up. */
  private async advance(erasure: ClaimedErasure): Promise<void> {
    const { id, kind, subjectId, attempts } = erasure;
    try {
      const progress = await this.erasures.advance(erasure, performance.now() + BUDGET_MS);
      if (progress === 'unfinished') await this.repository.postpone(id, 0);
      if (progress === 'waiting') await this.repository.postpone(id, WAIT_MS);
      if (progress === 'done') this.logger.log('erased', { kind, subject_id: subjectId });
    } catch (error) {
      this.logger.error('an erasure could not go on', error as Error, { kind, subject_id: subjectId });
      await this.repository.postpone(id, Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), MAX_RETRY_MS));
    }
  }
}
