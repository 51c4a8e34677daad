import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { rejectionError } from '../../src/modules/coin-account/coin-account.errors.js';
import type { Decision } from '../../src/modules/coin-account/domain/decision.js';
import { AppError } from '../../src/platform/errors/index.js';
import { MemoryLedger } from '../fakes/memory-ledger.js';
import type { readBooks } from './coin-books.js';
import type { TestCoins } from './coins.js';
import { waitUntil } from './wait.js';

/** Random histories of one account, and whether what was answered in them can be explained. */

/** One operation. Holds and keys are named by small numbers, so that they come again. */
export type Act =
  | { kind: 'grant'; amount: bigint; key: number }
  | { kind: 'hold'; hold: number; amount: bigint }
  | { kind: 'settle'; hold: number; amount: bigint }
  | { kind: 'release'; hold: number }
  | { kind: 'penalize'; amount: bigint; key: number; hold: number | undefined }
  | { kind: 'renew'; hold: number }
  /** The hold's time passes before the round, and a worker sweeps in it. */
  | { kind: 'expire'; hold: number };

/** An act and which of the processes it is sent to. */
export interface Step {
  readonly process: number;
  readonly act: Act;
}

/** Rounds one after the other; the steps of a round are all under way at once. */
export type History = readonly (readonly Step[])[];

/** What a step was answered: its result without times, or its refusal. */
export type Answer = { result: unknown } | { refusal: string; details: unknown };

const HOLDS = 3;
const KEYS = 4;
const MAX_ROUNDS = 6;
const MAX_STEPS_AT_ONCE = 4;

const hold = fc.nat(HOLDS - 1);
const key = fc.nat(KEYS - 1);
/** Few different ones, so that a settlement is often exactly what was held, and a repetition exactly the same. */
const amount = fc.constantFrom(0n, 1n, 5n, 10n, 10n, 25n);

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 2, arbitrary: grants(fc.constantFrom(1n, 20n, 50n)) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('hold'), hold, amount }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('settle'), hold, amount }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release'), hold }) },
  { weight: 1, arbitrary: penalties(fc.constant(undefined)) },
  { weight: 1, arbitrary: penalties(hold) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('renew'), hold }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire'), hold }) },
);

function grants(amount: fc.Arbitrary<bigint>) {
  return fc.record({ kind: fc.constant('grant'), amount, key });
}

function penalties<H>(hold: fc.Arbitrary<H>) {
  return fc.record({ kind: fc.constant('penalize'), amount, key, hold });
}

const step: fc.Arbitrary<Step> = fc.record({ process: fc.nat(1), act });

/** A round of different acts, or of one that is sent several times. */
const round: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 4, arbitrary: fc.array(step, { minLength: 1, maxLength: MAX_STEPS_AT_ONCE }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(act, fc.array(fc.nat(1), { minLength: 2, maxLength: MAX_STEPS_AT_ONCE }))
      .map(([same, processes]) => processes.map((process) => ({ process, act: same }))),
  },
);

/** Most accounts are given coins first. */
const beginning: fc.Arbitrary<History> = fc.oneof(
  { weight: 1, arbitrary: fc.constant([]) },
  { weight: 4, arbitrary: grants(fc.constantFrom(20n, 100n)).map((act) => [[{ process: 0, act }]]) },
);

export const histories: fc.Arbitrary<History> = fc
  .tuple(beginning, fc.array(round, { minLength: 1, maxLength: MAX_ROUNDS }))
  .map((rounds) => rounds.flat());

/** The ids that an account's holds have in a history. */
export function holdIdsOf(newId: () => string): readonly string[] {
  return Array.from({ length: HOLDS }, newId);
}

const LEASE_MS = 60_000;

/** Runs a round on the real ledger and gives the answers in the order of its steps. */
export async function runRound(
  processes: readonly TestCoins[],
  accountId: string,
  holdIds: readonly string[],
  steps: readonly Step[],
): Promise<Answer[]> {
  const overdue = overdueHolds(steps).map((hold) => holdIds[hold] ?? '');
  if (overdue.length > 0) await processes[0]?.makeOverdue(...overdue);
  return Promise.all(
    steps.map(async ({ process, act }) => {
      const coins = processes[process];
      if (!coins) throw new Error(`There is no process ${process}.`);
      try {
        return { result: withoutTimes(await perform(coins, accountId, holdIds, act)) };
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return { refusal: error.code, details: error.details };
      }
    }),
  );
}

function perform(
  coins: TestCoins,
  accountId: string,
  holdIds: readonly string[],
  act: Act,
): Promise<unknown> {
  const holdId = 'hold' in act && act.hold !== undefined ? holdIds[act.hold] : undefined;
  switch (act.kind) {
    case 'grant':
      return coins.grant(accountId, act.amount, keyName(act.key));
    case 'hold':
      return coins.hold(accountId, act.amount, holdId);
    case 'settle':
      return coins.settle(accountId, holdId ?? '', act.amount);
    case 'release':
      return coins.release(accountId, holdId ?? '');
    case 'penalize':
      return coins.penalize(accountId, act.amount, holdId, keyName(act.key));
    case 'renew':
      return coins.service.renewHolds([holdId ?? ''], LEASE_MS);
    case 'expire':
      return sweepUntilEnded(coins, holdId ?? '');
  }
}

/** Sweeps run for all accounts: that of another history may have taken the hold and be about to end it. */
async function sweepUntilEnded(coins: TestCoins, holdId: string): Promise<void> {
  await waitUntil(`the end of the overdue hold ${holdId}`, async () => {
    await coins.service.expireHolds(20);
    const rows: unknown[] = await coins.transactions.single.query(
      `SELECT 1 FROM coin_holds WHERE id = ? AND status = 'open' AND expires_at <= UTC_TIMESTAMP(3)`,
      [holdId],
    );
    return rows.length === 0;
  });
}

/**
 * All states that an account can be in after a round, given that it was in one of `before`: those that some order
 * of the steps leads to in which each step is answered as it was. None means that no order explains the answers.
 */
export function explain(
  before: readonly MemoryLedger[],
  holdIds: readonly string[],
  steps: readonly Step[],
  answers: readonly Answer[],
): MemoryLedger[] {
  const after: MemoryLedger[] = [];
  const goOn = (ledger: MemoryLedger, open: readonly number[]): void => {
    if (open.length === 0 && !after.some((other) => areAlike(other, ledger))) after.push(ledger);
    for (const index of open) {
      const next = ledger.copy();
      const expected = answerOf(next, holdIds, steps[index]!.act);
      if (!isDeepStrictEqual(expected, answers[index])) continue;
      goOn(
        next,
        open.filter((other) => other !== index),
      );
    }
  };
  for (const ledger of before) {
    const start = ledger.copy();
    for (const hold of overdueHolds(steps)) start.makeOverdue(holdIds[hold] ?? '');
    goOn(
      start,
      steps.map((_, index) => index),
    );
  }
  return after;
}

/** Whether two states cannot be told apart by anything that is yet to come. */
function areAlike(one: MemoryLedger, other: MemoryLedger): boolean {
  return isDeepStrictEqual(stateOf(one), stateOf(other)) && isDeepStrictEqual(one.records, other.records);
}

function answerOf(ledger: MemoryLedger, holdIds: readonly string[], act: Act): Answer {
  const holdId = 'hold' in act && act.hold !== undefined ? holdIds[act.hold] : undefined;
  switch (act.kind) {
    case 'grant':
      return toAnswer(ledger.grant(act.amount, keyName(act.key)));
    case 'hold':
      return toAnswer(ledger.hold(act.amount, holdId));
    case 'settle':
      return toAnswer(ledger.settle(act.amount, holdId));
    case 'release':
      return toAnswer(ledger.release(holdId));
    case 'penalize':
      return toAnswer(ledger.penalize(act.amount, holdId, keyName(act.key)));
    case 'renew':
      return { result: ledger.renew(holdId ?? '') };
    case 'expire':
      ledger.expire(holdId);
      return { result: undefined };
  }
}

function toAnswer(decision: Decision<unknown>): Answer {
  if (decision.kind !== 'reject') return { result: withoutTimes(decision.result) };
  const { code, details } = rejectionError(decision.rejection);
  return { refusal: code, details };
}

/** What there is to know of an account but times, of the model as of the rows. */
export function stateOf({ account, holds, journal }: MemoryLedger | Awaited<ReturnType<typeof readBooks>>) {
  const { balance, frozen, debt, sequence } = account;
  return {
    account: { balance, frozen, debt, sequence },
    holds: [...holds.values()].map(withoutTimes).sort((a, b) => (a.id < b.id ? -1 : 1)),
    journal: journal.map(withoutTimes),
  };
}

const TIMES = new Set(['createdAt', 'endedAt', 'expiresAt', 'hash']);

function withoutTimes<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !TIMES.has(name))) as T;
}

function keyName(key: number): string {
  return `key-${key}`;
}

function overdueHolds(steps: readonly Step[]): number[] {
  return steps.flatMap(({ act }) => (act.kind === 'expire' ? [act.hold] : []));
}
