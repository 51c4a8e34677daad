import { Injectable, Logger } from '@nestjs/common';
import { AppError } from '../../../platform/errors/index.js';
import {
  inBatches,
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { CoinAccountService } from '../../coin-account/index.js';
import { DueErrandRepository, type DuePlace } from '../due-errand.repository.js';
import { ErrandPosting } from '../errand-posting.service.js';
import { ErrandSettlement } from '../errand-settlement.service.js';
import { cancelExpiredTasks } from './cancel-expired-tasks.task.js';

/** In some short transactions, one after the other: of the errands, of the posters' coins, of the experts'. */
const BATCH_SIZE = 200;
const POSTINGS = 100;
/** For how long a dispute keeps its hold; it is renewed half-way. */
const DISPUTE_LEASE_MS = 180 * 24 * 3_600_000;

/** What becomes of an errand whose time is up, by the state in which it is found. */
const ENDINGS = [
  { from: 'open', outcome: 'expired', isPaid: false },
  { from: 'accepted', outcome: 'not_delivered', isPaid: false },
  { from: 'delivered', outcome: 'auto_confirmed', isPaid: true },
] as const;

/** The counts of one run. */
interface Progress {
  posted: number;
  expired: number;
  not_delivered: number;
  auto_confirmed: number;
  settled: number;
  failed: number;
  disputes_renewed: number;
}

/**
 * Does for errands what is due, in batches. An errand is first let settle, by its state, and then its coins are moved;
 * what is cut off in between is found by the next run.
 */
@Injectable()
@RunsTask(cancelExpiredTasks)
export class CancelExpiredTasksHandler implements PeriodicTaskHandler {
  private readonly logger = new Logger('Marketplace');

  constructor(
    private readonly due: DueErrandRepository,
    private readonly posting: ErrandPosting,
    private readonly settlement: ErrandSettlement,
    private readonly coinAccounts: CoinAccountService,
  ) {}

  async run({ signal }: TaskRun): Promise<TaskOutcome> {
    const progress: Progress = {
      posted: 0,
      expired: 0,
      not_delivered: 0,
      auto_confirmed: 0,
      settled: 0,
      failed: 0,
      disputes_renewed: 0,
    };
    await inBatches<DuePlace>(signal, BATCH_SIZE, async (size, after) => {
      const due = await this.due.listDue('settling', after, size);
      await this.settle(due.map(toId), progress);
      return { found: due.length, last: due.at(-1) };
    });
    await this.finishPostings(signal, progress);
    for (const ending of ENDINGS) await this.endDue(ending, signal, progress);
    await this.renewDisputes(signal, progress);
    return { ...progress };
  }

  private async endDue(
    { from, ...ending }: (typeof ENDINGS)[number],
    signal: AbortSignal,
    progress: Progress,
  ): Promise<void> {
    await inBatches<DuePlace>(signal, BATCH_SIZE, async (size, after) => {
      const due = await this.due.listDue(from, after, size);
      const ids = due.map(toId);
      progress[ending.outcome] += await this.due.beginSettling(ids, from, ending);
      await this.settle(ids, progress);
      return { found: due.length, last: due.at(-1) };
    });
  }

  private async settle(ids: readonly string[], progress: Progress): Promise<void> {
    const { ended, failed } = await this.settlement.settleBatch(await this.due.findSettling(ids));
    progress.settled += ended;
    progress.failed += failed;
  }

  /** Opens what was being posted when its process died, or forgets it if the coins do not suffice. */
  private async finishPostings(signal: AbortSignal, progress: Progress): Promise<void> {
    await inBatches(signal, POSTINGS, async (size) => {
      const errands = await this.due.listPosting(size);
      for (const errand of errands) {
        try {
          await this.posting.complete(errand);
          progress.posted++;
        } catch (error) {
          if (error instanceof AppError && error.kind === 'payment_required') continue;
          this.logger.error('an errand could not be posted', error as Error, { errand_id: errand.id });
          await this.due.postpone([errand.id]);
          progress.failed++;
        }
      }
      return { found: errands.length };
    });
  }

  private async renewDisputes(signal: AbortSignal, progress: Progress): Promise<void> {
    await inBatches<DuePlace>(signal, BATCH_SIZE, async (size, after) => {
      const due = await this.due.listDue('disputed', after, size);
      const ids = due.map(toId);
      if (ids.length > 0) await this.coinAccounts.renewHolds(ids, DISPUTE_LEASE_MS);
      progress.disputes_renewed += await this.due.noteRenewed(ids);
      return { found: due.length, last: due.at(-1) };
    });
  }
}

function toId({ id }: DuePlace): string {
  return id;
}
