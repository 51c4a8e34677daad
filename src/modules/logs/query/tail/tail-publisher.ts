import { Injectable, Logger } from '@nestjs/common';
import { z } from 'zod';
import { RedisAwayError } from '../../../../platform/redis/index.js';
import { idSchema } from '../../../../shared/ids.js';
import type { LogLine } from '../../domain/log-line.js';
import { toStoredLine } from '../dto/log-query.dto.js';
import { matcherOf, tailFilterSchema } from './tail-filter.js';
import { TailStore } from './tail.store.js';

/** A tail as its member of the set names it. */
const tailSchema = z.object({ id: idSchema, filter: tailFilterSchema });
export type Tail = z.infer<typeof tailSchema>;

export const memberOf = (tail: Tail): string => JSON.stringify(tail);

/** Nobody reads faster than this: of what is committed at once a tail gets so many lines, and the number of the rest. */
const MAX_LINES_AT_ONCE = 200;
/** A longer line goes without its data. */
const MAX_LINE_CHARACTERS = 16_384;

/** Shows the writers' lines to those who follow the log live. */
@Injectable()
export class TailPublisher {
  private readonly logger = new Logger('Logs');

  constructor(private readonly store: TailStore) {}

  /**
   * Hands committed lines to the tails that want them. To be awaited after the commit and before the entry is
   * acknowledged, also for an entry that is found to be stored already: so a line that is committed is published at
   * least once, whenever a writer dies. A tail leaves out what it has had. Without tails it is one question to Redis,
   * and `readLines` is not called.
   * @throws RedisAwayError and nothing else: then the entry must not be acknowledged, and comes again.
   */
  async publish(readLines: () => readonly LogLine[]): Promise<void> {
    try {
      const tails = (await this.store.list()).flatMap(tailOf);
      if (tails.length > 0) await this.publishTo(tails, readLines());
    } catch (error) {
      if (error instanceof RedisAwayError) throw error;
      // An entry must not be stuck because it could not be shown.
      this.logger.error('committed lines were not shown to those who follow the log', error, {});
    }
  }

  private async publishTo(tails: readonly Tail[], lines: readonly LogLine[]): Promise<void> {
    const texts = new Map<LogLine, string>();
    await Promise.all(
      tails.map(async ({ id, filter }) => {
        const wanted = lines.filter(matcherOf(filter));
        if (wanted.length === 0) return;
        const given = wanted.slice(0, MAX_LINES_AT_ONCE).map((line) => textOf(line, texts));
        await this.store.append(id, given, wanted.length - given.length);
      }),
    );
  }
}

function tailOf(member: string): Tail[] {
  try {
    return [tailSchema.parse(JSON.parse(member))];
  } catch {
    // Of another version of the product: it cannot be served from here.
    return [];
  }
}

/** Written once for all tails that want it. */
function textOf(line: LogLine, texts: Map<LogLine, string>): string {
  const known = texts.get(line);
  if (known !== undefined) return known;
  const text = JSON.stringify(toStoredLine(line));
  const bounded = text.length <= MAX_LINE_CHARACTERS ? text : withoutData(line);
  texts.set(line, bounded);
  return bounded;
}

function withoutData(line: LogLine): string {
  return JSON.stringify({ ...toStoredLine(line), log_data: null, is_shortened: true });
}
