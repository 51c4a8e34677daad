import { Inject, Injectable } from '@nestjs/common';
import { DURABLE_REDIS, RedisBreaker, type RedisClient, RedisScript } from '../../../platform/redis/index.js';
import { shardOf } from '../domain/shards.js';
import { SaveLine } from '../saving/save-line.js';
import { keysOf } from '../keeping/turn-keys.js';
import { ErasureRepository } from './erasure.repository.js';

const BATCH_SIZE = 500;

// A turn that runs is left alone: its process, or the sweep of dead processes' turns, has yet to charge it, and ends it
// as always. What is left of the others are turns in line, and texts that could not be read and were set aside.
const endedScript = new RedisScript(`
  local turns, order, running = KEYS[1], KEYS[2], KEYS[3]
  local conversation, limit = ARGV[1], tonumber(ARGV[2])
  local seen, ended, alive = {}, {}, 0
  local function look(id)
    if seen[id] then return end
    seen[id] = true
    if redis.call('ZSCORE', running, conversation .. ':' .. id) then alive = alive + 1
    elseif #ended < limit then ended[#ended + 1] = id end
  end
  for _, field in ipairs(redis.call('HKEYS', turns)) do look(string.match(field, '^[^:]*')) end
  for _, id in ipairs(redis.call('LRANGE', order, 0, limit)) do look(id) end
  return {alive, ended}`);

/** Erases what the durable Redis keeps of a deleted conversation. */
@Injectable()
export class UnsavedTurns {
  constructor(
    @Inject(DURABLE_REDIS) private readonly redis: RedisClient,
    private readonly breaker: RedisBreaker,
    private readonly line: SaveLine,
    private readonly repository: ErasureRepository,
  ) {}

  /** Erases the turns that have ended. Returns false while others of the conversation run. */
  async erase(conversationId: string): Promise<boolean> {
    const { turns, order, running } = keysOf(conversationId);
    for (;;) {
      const [alive, ended] = (await this.breaker.run(() =>
        endedScript.run(this.redis, [turns, order, running], [conversationId, BATCH_SIZE]),
      )) as [number, string[]];
      if (ended.length === 0) return alive === 0;
      // They were charged: their ids are noted before their texts go.
      await this.repository.noteErasedTurns(ended);
      const places = ended.map((turnId) => ({ conversationId, turnId }));
      await this.line.forget(shardOf(conversationId), places);
      await this.breaker.run(() =>
        this.redis.hdel(turns, ...ended.flatMap((id) => [`${id}:stop`, `${id}:claimed`])),
      );
      await this.line.erasePieces(places);
    }
  }
}
