import type { Queue } from 'bullmq';
import type { RedisClient } from '../redis/index.js';
import { dueTimeOf } from './delayed-score.js';
import type { FoundJob, ListedState } from './job-view.js';

/**
 * Where a page ended. Ended and delayed jobs keep their place by the score under which Redis sorts them; the others
 * have only a number in the line of their shard, which moves on while it is read.
 */
export type JobPosition =
  | readonly [shard: number, score: number, rawId: string]
  | readonly [shard: number, offset: number];

/** A page of jobs, and where it ended if there are more. */
export interface JobPage {
  readonly jobs: readonly FoundJob[];
  readonly next: JobPosition | undefined;
}

/** A job's place in a sorted set. */
interface Entry {
  readonly shard: number;
  readonly score: number;
  readonly rawId: string;
}

/** Ended jobs are listed from the newest on, delayed ones from the next to come. */
const directions = { failed: 'desc', completed: 'desc', delayed: 'asc' } as const;
type SortedState = keyof typeof directions;
const WINDOW = 100;

/** Reads jobs of all shards of a queue, page by page. */
export class JobPages {
  constructor(
    private readonly redis: RedisClient,
    private readonly shards: readonly Queue[],
    private readonly idOf: (shard: number, rawId: string) => string,
  ) {}

  read(state: ListedState, position: JobPosition | undefined, limit: number): Promise<JobPage> {
    return state === 'waiting' || state === 'active'
      ? this.readLines(state, position, limit)
      : this.readSets(state, position, limit);
  }

  /** One shard after the other; in each the longest there first. */
  private async readLines(
    state: 'waiting' | 'active',
    [firstShard, firstOffset]: JobPosition | readonly [number, number] = [0, 0],
    limit: number,
  ): Promise<JobPage> {
    const found: { shard: number; offset: number; rawId: string }[] = [];
    for (let shard = firstShard; shard < this.shards.length && found.length <= limit; shard++) {
      const start = shard === firstShard ? firstOffset : 0;
      const end = start + limit - found.length;
      const rawIds = (await this.shards[shard]?.getRanges([state], start, end, true)) ?? [];
      found.push(...rawIds.map((rawId, index) => ({ shard, offset: start + index, rawId })));
    }
    const following = found[limit];
    return {
      jobs: await this.load(found.slice(0, limit), state),
      next: following && [following.shard, following.offset],
    };
  }

  /** All shards together. */
  private async readSets(
    state: SortedState,
    position: JobPosition | undefined,
    limit: number,
  ): Promise<JobPage> {
    const after = position?.[2] === undefined ? undefined : toEntry(position[0], position[2], position[1]);
    const perShard = await Promise.all(
      this.shards.map((queue, shard) => this.readSet(queue, shard, state, after, limit + 1)),
    );
    const entries = perShard.flat().sort((a, b) => compare(a, b, directions[state]));
    const page = entries.slice(0, limit);
    const last = page.at(-1);
    return {
      jobs: await this.load(page, state),
      next: entries.length > page.length && last ? [last.shard, last.score, last.rawId] : undefined,
    };
  }

  /** The first `count` entries of a shard that come after the given one. */
  private async readSet(
    queue: Queue,
    shard: number,
    state: SortedState,
    after: Entry | undefined,
    count: number,
  ): Promise<Entry[]> {
    const direction = directions[state];
    const key = queue.toKey(state);
    const entries: Entry[] = [];
    for (let offset = 0; entries.length < count; offset += WINDOW) {
      const from = after === undefined ? (direction === 'desc' ? '+inf' : '-inf') : after.score;
      const members =
        direction === 'desc'
          ? await this.redis.zrevrangebyscore(key, from, '-inf', 'WITHSCORES', 'LIMIT', offset, WINDOW)
          : await this.redis.zrangebyscore(key, from, '+inf', 'WITHSCORES', 'LIMIT', offset, WINDOW);
      // Of those that share the score of the last page's end, some have been shown.
      const read = pairs(members).map(([rawId, score]) => toEntry(shard, rawId, Number(score)));
      entries.push(...read.filter((entry) => !after || compare(entry, after, direction) > 0));
      if (read.length < WINDOW) break;
    }
    return entries.slice(0, count);
  }

  /** Jobs that have gone in the meantime are left out. */
  private async load(
    places: readonly { shard: number; rawId: string; score?: number }[],
    state: ListedState,
  ): Promise<FoundJob[]> {
    const jobs = await Promise.all(
      places.map(async ({ shard, rawId, score }) => {
        const job = await this.shards[shard]?.getJob(rawId);
        const dueAtMs = state === 'delayed' && score !== undefined ? dueTimeOf(score) : undefined;
        return job && { job, id: this.idOf(shard, rawId), state, dueAtMs };
      }),
    );
    return jobs.filter((job) => job !== undefined);
  }
}

function toEntry(shard: number, rawId: string, score: number): Entry {
  return { shard, score, rawId };
}

/** Redis sorts equal scores by the bytes of the member, in the direction of the read. */
function compare(a: Entry, b: Entry, direction: 'asc' | 'desc'): number {
  const sign = direction === 'desc' ? -1 : 1;
  if (a.score !== b.score) return (a.score - b.score) * sign;
  if (a.shard !== b.shard) return a.shard - b.shard;
  if (a.rawId === b.rawId) return 0;
  return (a.rawId < b.rawId ? -1 : 1) * sign;
}

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((member, index) => (index % 2 === 0 ? [[member, flat[index + 1] ?? '0']] : []));
}
