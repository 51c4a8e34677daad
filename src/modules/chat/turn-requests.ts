import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { DURABLE_REDIS, RedisAwayError, RedisBreaker, type RedisClient } from '../../platform/redis/index.js';
import { Clock } from '../../shared/clock.js';
import { derivedId, newId } from '../../shared/ids.js';
import { placeOf, type Turn, TurnKeeper, type WaitingTurn } from '../conversation/index.js';
import { chatConfig } from './chat.config.js';
import { idempotencyKeyReused } from './chat.errors.js';
import type { ChatCompletionRequest } from './dto/chat-completion.dto.js';

/** How long after its end a turn answers an SDK's own retry. */
const REPLAY_MS = 60_000;
/** How long a retry waits for the turn of the first try to be accepted. */
const ACCEPTANCE_MS = 2_000;
const ACCEPTANCE_PAUSE_MS = 50;
const REPLAYED = new Set<Turn['status']>(['running', 'complete', 'stopped', 'violation']);

/** What tells a request from others: who asks for what, and with which key, if any. */
export interface RequestMark {
  readonly ownerId: string;
  readonly body: ChatCompletionRequest;
  readonly conversationId: string | undefined;
  /** What else the request asks for, beside its body. */
  readonly extra?: unknown;
  readonly idempotencyKey: string | undefined;
  /** How often an SDK says that it has tried before. */
  readonly retryCount: number;
}

/** Under which ids a request's turn runs, and the turn, if the request came before. */
export interface TurnIdentity extends WaitingTurn {
  readonly requestHash: string;
  /** The ids follow from the request's key: another request at the same time may use them too. */
  readonly isKeyed: boolean;
  readonly earlier: Turn | undefined;
}

/**
 * Finds the turn that a repeated request has already. With an `Idempotency-Key` the ids of the turn and of a new
 * conversation follow from the key, so the database refuses a second turn, for ever. Without one, the retry of an
 * SDK is known by its counter and its body.
 */
@Injectable()
export class TurnRequests {
  constructor(
    private readonly keeper: TurnKeeper,
    @Inject(DURABLE_REDIS) private readonly redis: RedisClient,
    private readonly breaker: RedisBreaker,
    private readonly clock: Clock,
    @Inject(chatConfig.token) private readonly config: ConfigOf<typeof chatConfig>,
  ) {}

  /** @throws turn_key_reused if the key came with another request before. */
  async identify(mark: RequestMark): Promise<TurnIdentity> {
    const requestHash = hashOf(mark);
    if (mark.idempotencyKey !== undefined) return this.byKey(mark, mark.idempotencyKey, requestHash);
    const earlier = mark.retryCount > 0 ? await this.findRetried(mark.ownerId, requestHash) : undefined;
    if (earlier) return { ...placeOf(earlier), requestHash, isKeyed: false, earlier };
    const conversationId = mark.conversationId ?? newId();
    const identity = { conversationId, turnId: newId(), requestHash, isKeyed: false, earlier };
    await this.note(mark.ownerId, identity);
    return identity;
  }

  /** Forgets a request that was refused: the next one like it is a new one. */
  async forget(ownerId: string, { requestHash, isKeyed }: TurnIdentity): Promise<void> {
    if (isKeyed) return;
    await this.ifRedisIsThere(() => this.redis.del(requestKey(ownerId, requestHash)));
  }

  private async byKey(mark: RequestMark, key: string, requestHash: string): Promise<TurnIdentity> {
    const turnId = derivedId(mark.ownerId, `turn:${key}`);
    const conversationId = mark.conversationId ?? derivedId(mark.ownerId, `conversation:${key}`);
    const view = await this.keeper.view({ conversationId, turnId }, 0);
    const isOther = view ? view.turn.request_hash !== requestHash : !(await this.keeper.isUnknown(turnId));
    if (isOther) throw idempotencyKeyReused({ param: 'Idempotency-Key' });
    return { conversationId, turnId, requestHash, isKeyed: true, earlier: view?.turn };
  }

  private async findRetried(ownerId: string, requestHash: string): Promise<Turn | undefined> {
    const place = await this.findNoted(ownerId, requestHash);
    if (!place) return this.keeper.findRequest(ownerId, requestHash, this.keptForMs());
    const deadline = performance.now() + ACCEPTANCE_MS;
    for (;;) {
      const view = await this.keeper.view(place, 0);
      if (view) return this.isReplayed(view.turn) ? view.turn : undefined;
      if (performance.now() > deadline) return undefined;
      await delay(ACCEPTANCE_PAUSE_MS);
    }
  }

  private isReplayed(turn: Turn): boolean {
    const isRecent =
      turn.finished_at === null || this.clock.nowMs() - Date.parse(turn.finished_at) <= REPLAY_MS;
    return isRecent && REPLAYED.has(turn.status);
  }

  private async findNoted(ownerId: string, requestHash: string): Promise<WaitingTurn | undefined> {
    const member = await this.ifRedisIsThere(() => this.redis.get(requestKey(ownerId, requestHash)));
    const [conversationId, turnId] = member?.split(':') ?? [];
    return conversationId && turnId ? { conversationId, turnId } : undefined;
  }

  private async note(ownerId: string, identity: TurnIdentity): Promise<void> {
    await this.ifRedisIsThere(() =>
      this.redis.set(
        requestKey(ownerId, identity.requestHash),
        `${identity.conversationId}:${identity.turnId}`,
        'PX',
        this.keptForMs(),
      ),
    );
  }

  /** While a turn may run, and then for the time of a replay. */
  private keptForMs(): number {
    return this.config.turnTimeoutMs + REPLAY_MS;
  }

  private async ifRedisIsThere<T>(operation: () => Promise<T>): Promise<T | undefined> {
    try {
      return await this.breaker.run(operation);
    } catch (error) {
      if (error instanceof RedisAwayError) return undefined;
      throw error;
    }
  }
}

function requestKey(ownerId: string, requestHash: string): string {
  return `lockkeeper:requests:${ownerId}:${requestHash}`;
}

/** How the answer is to be sent is no part of what is asked for. */
function hashOf({ body, conversationId, extra }: RequestMark): string {
  const { stream: _stream, stream_options: _options, ...asked } = body;
  const content = JSON.stringify([asked, conversationId ?? null, extra ?? null]);
  return createHash('sha256').update(content).digest('hex');
}
