import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { RedisAwayError } from '../../platform/redis/index.js';
import {
  memoryFull,
  memoryKeyReused,
  memoryKindMismatch,
  memoryNotFound,
  memoryUnavailable,
  memoryValueTooLarge,
  memoryVersionConflict,
} from './agent-memory.errors.js';
import { AgentMemoryStore, type MemoryChange, type StoredMemory } from './agent-memory.store.js';

/** Whose memory, of which agent. */
export interface AgentOf {
  readonly userId: string;
  readonly agent: string;
}

/** What an agent remembers under a key. */
export interface Memory {
  readonly key: string;
  /** JSON. */
  readonly text: string;
  /** Another one after each change. */
  readonly version: number;
  readonly expiresAtMs: number;
}

/** How a value is to be changed. */
export interface ChangeOptions {
  /** How long it is remembered from now on; undefined: as long as before, or the default if it is new. */
  readonly ttlSeconds?: number | undefined;
  /** Only if the value has this version; 0: only if there is none. */
  readonly ifVersion?: number | undefined;
  /** The second change under one key within ten minutes is not made. */
  readonly idempotencyKey?: string | undefined;
}

const RETRY_AFTER_SECONDS = 1;
/** Between an agent and its key; neither has one in it. */
const SEPARATOR = ' ';

/**
 * What agents note down for a while, each for itself: gone when its time is up, or when Redis loses its data. Limits are
 * in the configuration. Every method throws memory_unavailable while Redis is away.
 */
@Injectable()
export class AgentMemory {
  constructor(private readonly store: AgentMemoryStore) {}

  /** @throws memory_not_found */
  async get({ userId, agent }: AgentOf, key: string): Promise<Memory> {
    const stored = await available(() => this.store.read(userId, nameOf(agent, key)));
    if (!stored) throw memoryNotFound();
    return { key, ...stored };
  }

  /**
   * Keeps a value in place of what was there.
   * @throws memory_version_conflict, memory_value_too_large, memory_full, memory_idempotency_key_reused
   */
  async put(of: AgentOf, key: string, value: unknown, options: ChangeOptions): Promise<Memory> {
    return this.change(of, key, { operation: 'put', text: JSON.stringify(value) }, options);
  }

  /** Adds items to the end of a list, which it makes if there is none. @throws as `put`, memory_kind_mismatch */
  async appendItems(
    of: AgentOf,
    key: string,
    items: readonly unknown[],
    options: ChangeOptions,
  ): Promise<Memory> {
    return this.change(of, key, { operation: 'append', text: JSON.stringify(items).slice(0, -1) }, options);
  }

  /** Adds to the end of a text, which it makes if there is none. @throws as `appendItems` */
  async appendText(of: AgentOf, key: string, text: string, options: ChangeOptions): Promise<Memory> {
    return this.change(of, key, { operation: 'append', text: JSON.stringify(text).slice(0, -1) }, options);
  }

  /** Adds to a whole number; what is not there is 0. @throws as `appendItems` */
  async increment(of: AgentOf, key: string, by: number, options: ChangeOptions): Promise<Memory> {
    return this.change(of, key, { operation: 'add', text: String(by) }, options);
  }

  /** @throws memory_not_found */
  async delete({ userId, agent }: AgentOf, key: string): Promise<void> {
    const wasThere = await available(() => this.store.delete(userId, nameOf(agent, key)));
    if (!wasThere) throw memoryNotFound();
  }

  /**
   * The keys that begin with `prefix`, in the order of their bytes, from behind `after` on.
   * @returns at most `limit`, and whether there are more.
   */
  async list(
    { userId, agent }: AgentOf,
    prefix: string,
    after: string | undefined,
    limit: number,
  ): Promise<{ items: (Memory & { bytes: number })[]; lastKey: string | undefined }> {
    const start = nameOf(agent, prefix);
    const found = await available(() =>
      this.store.list(userId, start, after === undefined ? undefined : nameOf(agent, after), limit + 1),
    );
    const shown = found.slice(0, limit);
    const values = await available(() =>
      this.store.readAll(
        userId,
        shown.map(({ name }) => name),
      ),
    );
    const keyOf = (name: string) => name.slice(agent.length + SEPARATOR.length);
    const items = shown.flatMap(({ name, bytes }, index) => {
      const stored: StoredMemory | undefined = values[index];
      return stored ? [{ key: keyOf(name), bytes, ...stored }] : [];
    });
    const last = shown.at(-1);
    return { items, lastKey: found.length > limit && last ? keyOf(last.name) : undefined };
  }

  private async change(
    { userId, agent }: AgentOf,
    key: string,
    { operation, text }: Pick<MemoryChange, 'operation' | 'text'>,
    { ttlSeconds, ifVersion, idempotencyKey }: ChangeOptions,
  ): Promise<Memory> {
    const name = nameOf(agent, key);
    const outcome = await available(() =>
      this.store.change(userId, name, {
        operation,
        text,
        ttlMs: ttlSeconds === undefined ? undefined : ttlSeconds * 1_000,
        ifVersion,
        idempotency:
          idempotencyKey === undefined
            ? undefined
            : { key: idempotencyKey, fingerprint: fingerprintOf(name, operation, text) },
      }),
    );
    switch (outcome.kind) {
      case 'conflict':
        throw memoryVersionConflict({ details: { version: outcome.version } });
      case 'mismatch':
        throw memoryKindMismatch();
      case 'too_large':
        throw memoryValueTooLarge();
      case 'full':
        throw memoryFull();
      case 'reused':
        throw memoryKeyReused();
      default:
        if (!outcome.memory) throw memoryNotFound();
        return { key, ...outcome.memory };
    }
  }
}

function nameOf(agent: string, key: string): string {
  return agent + SEPARATOR + key;
}

function fingerprintOf(...parts: readonly string[]): string {
  return createHash('sha1').update(JSON.stringify(parts)).digest('base64url');
}

async function available<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof RedisAwayError)) throw cause;
    throw memoryUnavailable({ retryAfterSeconds: RETRY_AFTER_SECONDS, cause });
  }
}
