import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { DURABLE_REDIS, RedisBreaker, type RedisClient } from '../../platform/redis/index.js';
import { agentMemoryConfig } from './agent-memory.config.js';
import { memoryKeys, memoryScripts } from './agent-memory-scripts.js';

/** A value as it is kept. */
export interface StoredMemory {
  /** JSON. */
  readonly text: string;
  readonly version: number;
  readonly expiresAtMs: number;
}

/** What is to become of a value; `text` as `CHANGE` in the scripts has it. */
export interface MemoryChange {
  readonly operation: 'put' | 'append' | 'add';
  readonly text: string;
  readonly ttlMs: number | undefined;
  readonly ifVersion: number | undefined;
  readonly idempotency: { readonly key: string; readonly fingerprint: string } | undefined;
}

/** What came of it. `again`: the change was made before; with the value as it is now, if there still is one. */
export type MemoryOutcome =
  | { readonly kind: 'changed' | 'again'; readonly memory: StoredMemory | undefined }
  | { readonly kind: 'conflict'; readonly version: number }
  | { readonly kind: 'mismatch' | 'too_large' | 'full' | 'reused' };

export interface MemoryName {
  readonly name: string;
  readonly bytes: number;
}

const ERASED_AT_ONCE = 500;

/** The values in the durable Redis. A name has its agent in it. Every method throws RedisAwayError if Redis is away. */
@Injectable()
export class AgentMemoryStore {
  constructor(
    @Inject(DURABLE_REDIS) private readonly redis: RedisClient,
    private readonly breaker: RedisBreaker,
    @Inject(agentMemoryConfig.token) private readonly config: ConfigOf<typeof agentMemoryConfig>,
  ) {}

  async read(userId: string, name: string): Promise<StoredMemory | undefined> {
    const fields = await this.breaker.run(() =>
      this.redis.hmget(memoryKeys.value(userId, name), 'value', 'version', 'expires'),
    );
    return storedFrom(fields);
  }

  async change(userId: string, name: string, change: MemoryChange): Promise<MemoryOutcome> {
    const { operation, text, ttlMs, ifVersion, idempotency } = change;
    const { ttlSeconds, valueBytes, valuesPerUser, bytesPerUser } = this.config;
    const keys = [
      ...memoryKeys.indexes(userId),
      memoryKeys.value(userId, name),
      memoryKeys.done(userId, idempotency?.key ?? ''),
    ];
    const args = [
      name,
      operation,
      text,
      ttlMs ?? '',
      ttlSeconds * 1_000,
      ifVersion ?? '',
      idempotency?.fingerprint ?? '',
      valueBytes,
      valuesPerUser,
      bytesPerUser,
    ];
    const [kind, ...fields] = (await this.breaker.run(() =>
      memoryScripts.change.run(this.redis, keys, args),
    )) as [MemoryOutcome['kind'], ...(string | null)[]];
    if (kind === 'changed' || kind === 'again') return { kind, memory: storedFrom(fields) };
    if (kind === 'conflict') return { kind, version: Number(fields[0]) };
    return { kind };
  }

  /** @returns whether there was something. */
  async delete(userId: string, name: string): Promise<boolean> {
    const keys = [...memoryKeys.indexes(userId), memoryKeys.value(userId, name)];
    return (await this.breaker.run(() => memoryScripts.delete.run(this.redis, keys, [name]))) === 1;
  }

  /** The names that begin with `prefix`, in the order of their bytes, from behind `after` on. */
  async list(
    userId: string,
    prefix: string,
    after: string | undefined,
    limit: number,
  ): Promise<MemoryName[]> {
    // Names are of ASCII, below 0x7f.
    const args = [after === undefined ? `[${prefix}` : `(${after}`, `(${prefix}\x7f`, limit];
    const found = (await this.breaker.run(() =>
      memoryScripts.list.run(this.redis, memoryKeys.indexes(userId), args),
    )) as string[];
    return Array.from({ length: found.length / 2 }, (_, index) => ({
      name: found[2 * index] ?? '',
      bytes: Number(found[2 * index + 1]),
    }));
  }

  /** The values of these names; undefined for what has gone. */
  async readAll(userId: string, names: readonly string[]): Promise<(StoredMemory | undefined)[]> {
    return this.breaker.run(() =>
      Promise.all(
        names.map(async (name) =>
          storedFrom(await this.redis.hmget(memoryKeys.value(userId, name), 'value', 'version', 'expires')),
        ),
      ),
    );
  }

  /** Forgets all that the user's agents remember. */
  async eraseUser(userId: string): Promise<void> {
    const [names = '', ...others] = memoryKeys.indexes(userId);
    for (;;) {
      const some = await this.breaker.run(() => this.redis.zrange(names, 0, ERASED_AT_ONCE - 1));
      if (some.length === 0) break;
      await this.breaker.run(() => this.redis.unlink(...some.map((name) => memoryKeys.value(userId, name))));
      await this.breaker.run(() => this.redis.zrem(names, ...some));
    }
    await this.breaker.run(() => this.redis.unlink(names, ...others));
  }
}

function storedFrom([text, version, expires]: readonly (string | null)[]): StoredMemory | undefined {
  if (text === null || text === undefined) return undefined;
  return { text, version: Number(version), expiresAtMs: Number(expires) };
}
