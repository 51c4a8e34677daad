import { Injectable, Logger } from '@nestjs/common';
import { RedisAwayError } from '../../../platform/redis/index.js';
import { type AuditEvent, AuditLog } from '../../audit/index.js';
import { conversationNotParked } from '../conversation.errors.js';
import { SAVE_SHARDS } from '../domain/shards.js';
import {
  ParkedConversationRepository,
  type ParkedConversation,
} from '../saving/parked-conversation.repository.js';
import { SaveLine } from '../saving/save-line.js';
import { SaveWake } from '../saving/save-wake.js';
import type { SaveOverview } from './save-operations.dto.js';
import { SaveWorkerRepository } from './save-worker.repository.js';

/** What operators see and do about the saves. */
@Injectable()
export class SaveOperations {
  private readonly logger = new Logger('Saves');

  constructor(
    private readonly line: SaveLine,
    private readonly parked: ParkedConversationRepository,
    private readonly workers: SaveWorkerRepository,
    private readonly saveWake: SaveWake,
    private readonly audit: AuditLog,
  ) {}

  async overview(): Promise<SaveOverview> {
    const [inRedis, inDatabase, parkedCount, shardsAtOnce, workers] = await Promise.all([
      this.waitingInRedis(),
      this.parked.waitingCounts(),
      this.parked.count(),
      this.workers.shardsAtOnce(),
      this.workers.list(),
    ]);
    const active = new Set(workers.flatMap((worker) => worker.activeShards));
    return {
      is_redis_away: inRedis === undefined,
      shards_at_once: shardsAtOnce,
      shards: Array.from({ length: SAVE_SHARDS }, (_, shard) => ({
        shard,
        waiting: inRedis?.[shard] ?? null,
        waiting_in_database: inDatabase.get(shard) ?? 0,
        is_active: active.has(shard),
      })),
      parked_conversations: parkedCount,
      workers: workers.map(({ host, pid, shardsAtOnce: limit, activeShards }) => ({
        host,
        pid,
        shards_at_once: limit,
        active_shards: [...activeShards],
      })),
    };
  }

  /** Every worker process takes it over within seconds. */
  async setShardsAtOnce(operatorId: string, count: number): Promise<void> {
    await this.workers.setShardsAtOnce(count);
    const detail = { shards_at_once: count };
    await this.note(operatorId, 'saves.settings_changed', 'setting', 'saves', detail);
  }

  listParked(limit: number, position?: { parkedAt: Date; id: string }): Promise<ParkedConversation[]> {
    return this.parked.list(limit, position);
  }

  /** Has the oldest turn of a parked conversation saved again, and then the later ones. @throws conversation_not_parked */
  async retry(operatorId: string, conversationId: string): Promise<void> {
    const shard = await this.parked.release(conversationId);
    if (shard === undefined) throw conversationNotParked();
    await this.note(operatorId, 'conversation.save_retried', 'conversation', conversationId);
    this.logger.log('parked conversation is tried again', { conversation_id: conversationId });
    this.saveWake.wake(shard);
  }

  /**
   * Gives up the turn behind which a conversation is parked, and has the later ones saved. It stays in the database,
   * marked with the reason. @returns its id. @throws conversation_not_parked
   */
  async skip(operatorId: string, conversationId: string, reason: string): Promise<string> {
    const skipped = await this.parked.skip(conversationId, reason);
    if (!skipped) throw conversationNotParked();
    const detail = { turn_id: skipped.turnId };
    await this.note(operatorId, 'conversation.turn_skipped', 'conversation', conversationId, detail, reason);
    this.logger.warn('turn skipped by an operator', {
      conversation_id: conversationId,
      turn_id: skipped.turnId,
    });
    this.saveWake.wake(skipped.shard);
    return skipped.turnId;
  }

  private note(
    operatorId: string,
    action: AuditEvent['action'],
    subjectKind: AuditEvent['subjectKind'],
    subjectId: string,
    detail: AuditEvent['detail'] = {},
    reason?: string,
  ): Promise<void> {
    const actor = { kind: 'operator', id: operatorId } as const;
    return this.audit.record({ actor, action, subjectKind, subjectId, detail, reason });
  }

  private async waitingInRedis(): Promise<number[] | undefined> {
    try {
      return await this.line.waitingCounts();
    } catch (error) {
      if (error instanceof RedisAwayError) return undefined;
      throw error;
    }
  }
}
