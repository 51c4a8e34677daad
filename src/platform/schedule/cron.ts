import { type CronExpression, CronExpressionParser } from 'cron-parser';

/** A cron expression that we do not run, and why. */
export class CronError extends Error {
  override readonly name = 'CronError';
}

/** Slots of a cron expression, in milliseconds since the Unix epoch, the oldest first. */
export interface Slots {
  readonly slots: readonly number[];
  /** False if there are older ones in the range that were left out. */
  readonly isComplete: boolean;
}

/** When something is due, in UTC. Of one expression every process gets the same slots, whenever it asks. */
export interface Cron {
  readonly text: string;
  /** The first slot after a time. */
  next(afterMs: number): number;
  /** The last slot at or before a time. */
  latest(atMs: number): number;
  /** The latest `max` slots after `fromMs`, up to and with `toMs`. */
  between(fromMs: number, toMs: number, max: number): Slots;
}

const MAX_LENGTH = 100;
const MAX_KNOWN = 1_000;
/** The largest step of each field, the seconds first. */
const FIELD_SIZES = [60, 60, 24, 31, 12, 7];

const known = new Map<string, Cron>();

/**
 * Reads a cron expression: five fields, or six with seconds first, or a name such as `@daily`. The only place that
 * decides when something is due.
 * @throws CronError that says what is wrong: another number of fields, values out of range, a time zone, random parts
 *   (`H`), steps longer than their field, or a day that never comes.
 */
export function readCron(text: string): Cron {
  let cron = known.get(text);
  if (!cron) {
    cron = parseCron(text);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(text, cron);
  }
  return cron;
}

function parseCron(text: string): Cron {
  checkShape(text);
  let expression: CronExpression;
  try {
    expression = CronExpressionParser.parse(text, { tz: 'UTC', currentDate: new Date(0) });
    expression.next();
  } catch (cause) {
    throw new CronError(`'${text}' is no cron expression: ${(cause as Error).message}.`, { cause });
  }
  const next = (afterMs: number) => {
    expression.reset(new Date(afterMs));
    return expression.next().getTime();
  };
  // The library looks for slots before a time.
  const latest = (atMs: number) => {
    expression.reset(new Date(atMs + 1));
    return expression.prev().getTime();
  };
  return { text, next, latest, between: (from, to, max) => slotsBetween(latest, from, to, max) };
}

function slotsBetween(latest: (atMs: number) => number, fromMs: number, toMs: number, max: number): Slots {
  const slots: number[] = [];
  let slot = latest(toMs);
  for (; slot > fromMs && slots.length < max; slot = latest(slot - 1)) slots.push(slot);
  return { slots: slots.toReversed(), isComplete: slot <= fromMs };
}

function checkShape(text: string): void {
  if (text.length > MAX_LENGTH)
    throw new CronError(`A cron expression has at most ${MAX_LENGTH} characters.`);
  if (text.includes('=')) throw new CronError(`'${text}' names a time zone; all times are UTC.`);
  if (text.startsWith('@')) return;
  const fields = text.split(' ');
  if (fields.length !== 5 && fields.length !== 6) {
    throw new CronError(`'${text}' has ${fields.length} fields; there are five, or six with seconds first.`);
  }
  if (/H/i.test(text.replaceAll(/thu/gi, ''))) {
    throw new CronError(`'${text}' has a random part (H); every process must know the same slots.`);
  }
  const sizes = FIELD_SIZES.slice(6 - fields.length);
  fields.forEach((field, index) => {
    const step = Math.max(0, ...[...field.matchAll(/\/(\d+)/g)].map((match) => Number(match[1])));
    if (step > (sizes[index] ?? 0)) {
      throw new CronError(`'${text}' has the step ${step} in a field of ${sizes[index]} values.`);
    }
  });
}
