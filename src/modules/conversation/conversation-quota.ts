import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { Clock } from '../../shared/clock.js';
import { conversationConfig } from './conversation.config.js';
import { conversationLimitReached } from './conversation.errors.js';
import { ConversationRepository } from './conversation.repository.js';

/** Counting goes through an index entry for each conversation, so it is not done for each new one. */
const COUNTED_FOR_MS = 60_000;
/** Who makes more than this in a minute is counted again sooner. */
const MADE_BEFORE_RECOUNT = 1_000;
const MAX_OWNERS = 10_000;

interface Count {
  readonly countedAtMs: number;
  readonly counted: number;
  made: number;
}

/** Bounds how many conversations a user has. Counts are up to a minute old, so the bound is met about, not exactly. */
@Injectable()
export class ConversationQuota {
  private readonly counts = new Map<string, Count>();

  constructor(
    private readonly repository: ConversationRepository,
    private readonly clock: Clock,
    @Inject(conversationConfig.token) private readonly config: ConfigOf<typeof conversationConfig>,
  ) {}

  /** Makes room for one more. @throws conversation_limit_reached */
  async take(ownerId: string): Promise<void> {
    const limit = this.config.maxConversations;
    const count = await this.countOf(ownerId);
    if (count.counted + count.made >= limit) {
      // Some may have been deleted since.
      this.counts.delete(ownerId);
      throw conversationLimitReached({ details: { limit } });
    }
    count.made++;
  }

  private async countOf(ownerId: string): Promise<Count> {
    const known = this.counts.get(ownerId);
    const isFresh = known && this.clock.nowMs() - known.countedAtMs < COUNTED_FOR_MS;
    if (isFresh && known.made < MADE_BEFORE_RECOUNT) return known;
    const counted = await this.repository.countUpTo(ownerId, this.config.maxConversations);
    const count = { countedAtMs: this.clock.nowMs(), counted, made: 0 };
    this.counts.delete(ownerId);
    this.counts.set(ownerId, count);
    const [oldest] = this.counts.keys();
    if (this.counts.size > MAX_OWNERS && oldest !== undefined) this.counts.delete(oldest);
    return count;
  }
}
