import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';
import { newId } from '../../../shared/ids.js';
import { type Actor, AuditLog, type AuditEvent } from '../../audit/index.js';
import { conversationNotFound } from '../conversation.errors.js';
import { SaveLine } from '../saving/save-line.js';
import { Erasers } from './erasers.js';
import { type ClaimedErasure, type Erasure, ErasureRepository } from './erasure.repository.js';
import { UnsavedTurns } from './unsaved-turns.js';

/** How long the request that deletes a conversation itself works on it. */
const REQUEST_BUDGET_MS = 1_000;
/** When a worker looks at an erasure whose request works on it. */
const REQUEST_LEASE_MS = 5_000;
const CONVERSATIONS_A_PAGE = 100;
/**
 * For how long after the erasure of a user the worker looks for what a request that was under way has still made:
 * longer than a request takes to make a conversation.
 */
const USER_SETTLE_MS = 60_000;

/** How a look at an erasure ended: nothing is left; there was no time for more; something has to end by itself. */
export type ErasureProgress = 'done' | 'unfinished' | 'waiting';

/** An actor that is no process of ours. */
export type ErasingActor = Exclude<Actor, { kind: 'system' }>;

/**
 * Erases conversations and users for good. What is to be erased is written down in the transaction that makes it
 * unreachable; the work after that can be cut off anywhere and is taken up again.
 */
@Injectable()
export class ErasureService {
  private readonly logger = new Logger('Erasures');

  constructor(
    private readonly transactions: Transactions,
    private readonly repository: ErasureRepository,
    private readonly unsavedTurns: UnsavedTurns,
    private readonly line: SaveLine,
    private readonly erasers: Erasers,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Deletes a conversation. When this returns, nobody can reach it, and that is committed; of its content as much is
   * erased as can be in a second. A worker erases the rest, and looks over all of it once more.
   * @throws conversation_not_found, also if it is somebody else's.
   */
  async eraseConversation(actor: ErasingActor, ownerId: string, conversationId: string): Promise<void> {
    const erasure = conversationErasure(conversationId, ownerId, actor.id);
    const isDeleted = await this.transactions.run(async (transaction) => {
      if (!(await this.repository.deleteConversation(transaction, ownerId, conversationId))) return false;
      await this.repository.insert(transaction, [erasure], REQUEST_LEASE_MS);
      await this.audit.record(conversationErased(actor, conversationId), transaction);
      return true;
    });
    if (!isDeleted) throw conversationNotFound({ param: 'conversation_id' });
    this.logger.log('conversation deleted', { conversation_id: conversationId });
    await this.eraseWithinRequest(conversationId);
  }

  /** Returns when all is erased, or the time that a request has for it is up; what runs then runs on. */
  private async eraseWithinRequest(conversationId: string): Promise<void> {
    const work = this.advanceConversation(conversationId, performance.now() + REQUEST_BUDGET_MS).catch(
      (error: unknown) => {
        this.logger.warn('a worker erases the rest of a conversation', {
          conversation_id: conversationId,
          reason: String(error),
        });
      },
    );
    const isDone = new AbortController();
    const timeUp = delay(REQUEST_BUDGET_MS, undefined, { signal: isDone.signal }).catch(() => undefined);
    await Promise.race([work, timeUp]);
    isDone.abort();
  }

  /**
   * Writes down, as a part of the transaction that makes a user unreachable, that everything of the user is to be
   * erased. A worker does it.
   */
  async beginUserErasure(transaction: Transaction, actor: ErasingActor, userId: string): Promise<void> {
    const erasure = {
      id: newId(),
      kind: 'user' as const,
      subjectId: userId,
      ownerId: userId,
      requestedBy: actor.id,
    };
    await this.repository.insert(transaction, [erasure], 0);
  }

  /**
   * Whether everything of a user is to be erased, or was within the last 30 days: nothing new is to be kept of him. Since
   * the worker looks again for a while, whoever asks before he writes leaves nothing.
   */
  isUserErased(userId: string): Promise<boolean> {
    return this.repository.hasUserErasure(userId);
  }

  /** Goes on with an erasure until nothing is left or `deadlineMs` (of `performance.now`) is past. */
  async advance(erasure: ClaimedErasure, deadlineMs: number): Promise<ErasureProgress> {
    const progress = await (erasure.kind === 'user'
      ? this.advanceUser(erasure, deadlineMs)
      : this.advanceConversation(erasure.subjectId, deadlineMs));
    if (progress === 'done') await this.finish(erasure);
    return progress;
  }

  private async advanceConversation(id: string, deadlineMs: number): Promise<ErasureProgress> {
    const isLate = () => performance.now() > deadlineMs;
    while (await this.repository.eraseSomeMessages(id)) if (isLate()) return 'unfinished';
    await this.repository.eraseStructure(id);
    for (const eraseSome of [
      () => this.repository.eraseSomeTurns(id),
      () => this.repository.eraseSomeWaitingTurns(id),
    ]) {
      for (let ids = await eraseSome(); ids.length > 0; ids = await eraseSome()) {
        await this.line.erasePieces(ids.map((turnId) => ({ conversationId: id, turnId })));
        if (isLate()) return 'unfinished';
      }
    }
    const isNothingRunning =
      (await this.unsavedTurns.erase(id)) && !(await this.repository.hasRunningTurn(id));
    await this.erasers.eraseConversation(id);
    return isNothingRunning ? 'done' : 'waiting';
  }

  private async advanceUser(erasure: ClaimedErasure, deadlineMs: number): Promise<ErasureProgress> {
    while ((await this.deleteConversationsOf(erasure)) === CONVERSATIONS_A_PAGE) {
      if (performance.now() > deadlineMs) return 'unfinished';
    }
    await this.erasers.eraseUser(erasure.subjectId);
    if (erasure.ageMs < USER_SETTLE_MS) return 'waiting';
    return (await this.repository.hasOpenConversations(erasure.ownerId)) ? 'waiting' : 'done';
  }

  /** Deletes a page of a user's conversations: each becomes an erasure of its own. @returns how many. */
  private deleteConversationsOf({ ownerId, requestedBy }: Erasure): Promise<number> {
    const actor = { kind: ownerId === requestedBy ? 'user' : 'operator', id: requestedBy } as const;
    return this.transactions.run(async (transaction) => {
      const ids = await this.repository.deleteSomeConversations(transaction, ownerId, CONVERSATIONS_A_PAGE);
      const erasures = ids.map((id) => conversationErasure(id, ownerId, requestedBy));
      await this.repository.insert(transaction, erasures, 0);
      const events = ids.map((id) => conversationErased(actor, id, { with_user: true }));
      await this.audit.record(events, transaction);
      return ids.length;
    });
  }

  private async finish({ id, kind, subjectId }: Erasure): Promise<void> {
    await this.transactions.run(async (transaction) => {
      const isFirst = await this.repository.finish(transaction, id);
      if (!isFirst || kind === 'conversation') return;
      const actor = { kind: 'system' } as const;
      const event = { actor, action: 'user.erasure_finished', subjectKind: kind, subjectId } as const;
      await this.audit.record(event, transaction);
    });
  }
}

function conversationErasure(conversationId: string, ownerId: string, requestedBy: string): Erasure {
  return { id: newId(), kind: 'conversation', subjectId: conversationId, ownerId, requestedBy };
}

function conversationErased(
  actor: ErasingActor,
  conversationId: string,
  detail: AuditEvent['detail'] = {},
): AuditEvent {
  return {
    actor,
    action: 'conversation.erased',
    subjectKind: 'conversation',
    subjectId: conversationId,
    detail,
  };
}
