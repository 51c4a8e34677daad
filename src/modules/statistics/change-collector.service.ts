import { Injectable } from '@nestjs/common';
import { CoinActivity } from '../coin-account/index.js';
import { ConversationActivity } from '../conversation/index.js';
import { MarketplaceActivity } from '../marketplace/index.js';
import { StatisticsDueRepository } from './statistics-due.repository.js';

/** Gives the users with changes since a time, some at a time; a null cursor begins, and ends. */
type ChangeSource = (
  since: Date,
  cursor: string | null,
  limit: number,
) => Promise<{ userIds: string[]; cursor: string | null }>;

const PAGE_SIZE = 1_000;

/**
 * Notes whose statistics are out of date. Each source is passed through from where the pass before began, less an
 * overlap, in which late commits are found; after every page the place is kept, where the next run goes on if need be.
 */
@Injectable()
export class ChangeCollector {
  private readonly sources: Readonly<Record<string, ChangeSource>>;

  constructor(
    private readonly due: StatisticsDueRepository,
    coins: CoinActivity,
    conversations: ConversationActivity,
    marketplace: MarketplaceActivity,
  ) {
    this.sources = {
      turns: (...page) => conversations.savedTurns(...page),
      erasures: (...page) => conversations.erasedConversations(...page),
      coin_accounts: (...page) => coins.changedAccounts(...page),
      errands: (...page) => marketplace.changedErrands(...page),
    };
  }

  /** Passes through all sources, until the signal is aborted. @returns how many users were noted. */
  async collect(signal: AbortSignal): Promise<number> {
    let noted = 0;
    for (const [name, source] of Object.entries(this.sources)) {
      if (signal.aborted) break;
      noted += await this.pass(name, source, signal);
    }
    return noted;
  }

  private async pass(name: string, source: ChangeSource, signal: AbortSignal): Promise<number> {
    const pass = await this.due.beginPass(name);
    for (let noted = 0; ;) {
      const { userIds, cursor } = await source(pass.since, pass.place, PAGE_SIZE);
      // If another run has moved the pass, that one goes on with it.
      if (!(await this.due.note(pass, userIds, cursor))) return noted;
      noted += userIds.length;
      if (cursor === null || signal.aborted) return noted;
      pass.place = cursor;
    }
  }
}
