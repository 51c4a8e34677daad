import { SAVE_SHARDS, shardOf } from '../domain/shards.js';

/** A turn in a shard's list of those that wait. */
export interface WaitingTurn {
  conversationId: string;
  turnId: string;
}

function shardTag(shard: number): string {
  if (!Number.isInteger(shard) || shard < 0 || shard >= SAVE_SHARDS)
    throw new Error(`There is no shard ${shard}.`);
  return `{lockkeeper-saves-${shard}}`;
}

export function shardKeys(shard: number) {
  return { finished: `${shardTag(shard)}:finished`, running: `${shardTag(shard)}:running` };
}

/** The keys of a conversation, in one slot of a Redis Cluster with its shard's. */
export function keysOf(conversationId: string) {
  const shard = shardOf(conversationId);
  const tag = shardTag(shard);
  return {
    ...shardKeys(shard),
    turns: `${tag}:turns:${conversationId}`,
    order: `${tag}:order:${conversationId}`,
    line: `${tag}:line:${conversationId}`,
    leases: `${tag}:leases:${conversationId}`,
  };
}

export function chunksKey(conversationId: string, turnId: string): string {
  return `${shardTag(shardOf(conversationId))}:chunks:${conversationId}:${turnId}`;
}

export function memberOf({ conversationId, turnId }: WaitingTurn): string {
  return `${conversationId}:${turnId}`;
}

export function placeOfMember(member: string): WaitingTurn {
  const [conversationId = '', turnId = ''] = member.split(':');
  return { conversationId, turnId };
}
