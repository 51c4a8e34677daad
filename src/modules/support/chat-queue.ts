import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { Clock } from '../../shared/clock.js';
import { AgentRepository } from './agent.repository.js';
import { ChatEvents } from './chat-events.js';
import { ChatRepository } from './chat.repository.js';
import type { Chat } from './domain/chat.js';
import { estimateWaitMs, type RecentHandling } from './domain/wait-estimate.js';
import type { QueuePlace } from './dto/support.dto.js';
import { supportQueueFull } from './support.errors.js';
import { supportConfig } from './support.config.js';

const HANDLING_KNOWN_FOR_MS = 1_000;
const PAGE = 200;
/** After a change the foremost are told at once; all are told by the task. */
const TOLD_AT_ONCE = 50;
/** Changes within this time are told together. */
const GATHER_MS = 500;
const RETRY_AFTER_SECONDS = 60;
const NEVER_ABORTED = new AbortController().signal;

/** Those who wait for an agent. */
@Injectable()
export class ChatQueue implements BeforeApplicationShutdown {
  private readonly logger = new Logger('SupportQueue');
  private known: { readonly recent: RecentHandling; readonly atMs: number } | undefined;
  private announcing: NodeJS.Timeout | undefined;

  constructor(
    private readonly chats: ChatRepository,
    private readonly agents: AgentRepository,
    private readonly events: ChatEvents,
    private readonly clock: Clock,
    @Inject(supportConfig.token) private readonly config: ConfigOf<typeof supportConfig>,
  ) {}

  /** @throws support_queue_full. Some who ask at the very same time may all be let in. */
  async checkRoom(): Promise<void> {
    const limit = this.config.queueLimit;
    if ((await this.chats.countWaiting()) < limit) return;
    throw supportQueueFull({ details: { limit }, retryAfterSeconds: RETRY_AFTER_SECONDS });
  }

  /** Where a chat stands; undefined if it does not wait. */
  async placeOf(chat: Chat): Promise<QueuePlace | undefined> {
    if (chat.state !== 'waiting') return undefined;
    const [ahead, recent] = await Promise.all([this.chats.countWaiting(chat.number), this.recentHandling()]);
    return toPlace(ahead + 1, recent);
  }

  /** How chats were handled lately, as of a second ago at the most. */
  async recentHandling(): Promise<RecentHandling> {
    const nowMs = this.clock.nowMs();
    if (this.known && Math.abs(nowMs - this.known.atMs) < HANDLING_KNOWN_FOR_MS) return this.known.recent;
    const [meanHandlingMs, capacity] = await Promise.all([
      this.chats.meanHandlingMs(),
      this.agents.totalCapacity(this.config.agentAwayMs),
    ]);
    this.known = { recent: { meanHandlingMs, capacity }, atMs: nowMs };
    return this.known.recent;
  }

  /** Tells the foremost of the queue their new places, soon. Never fails. */
  announceSoon(): void {
    this.announcing ??= setTimeout(() => {
      this.announcing = undefined;
      this.announce(TOLD_AT_ONCE).catch((error: unknown) =>
        this.logger.warn('places in the queue could not be told', { reason: String(error) }),
      );
    }, GATHER_MS).unref();
  }

  /** Tells at most so many, from the front, their places. @returns how many were told. */
  async announce(limit = this.config.queueLimit, signal = NEVER_ABORTED): Promise<number> {
    const recent = await this.recentHandling();
    let told = 0;
    let after = '0';
    while (told < limit && !signal.aborted) {
      const chats = await this.chats.nextWaiting(after, Math.min(PAGE, limit - told));
      for (const chat of chats) this.events.queuePosition(chat, toPlace(++told, recent));
      const last = chats.at(-1);
      if (!last) break;
      after = last.number;
    }
    return told;
  }

  beforeApplicationShutdown(): void {
    clearTimeout(this.announcing);
  }
}

function toPlace(position: number, recent: RecentHandling): QueuePlace {
  const waitMs = estimateWaitMs(position, recent);
  return { position, estimated_wait_seconds: waitMs === undefined ? null : Math.ceil(waitMs / 1000) };
}
