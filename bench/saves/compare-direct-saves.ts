import { setTimeout as delay } from 'node:timers/promises';
import type { Row } from '../lib/benchmark.ts';
import { importBuilt } from '../lib/built-services.ts';
import { runClosedLoop } from '../lib/closed-loop.ts';
import { round } from '../lib/report.ts';
import { median, Samples } from '../lib/samples.ts';
import { finishedTurn, startedTurn } from './bench-turns.ts';
import type { Times } from './job-ceiling.ts';
import { type LockErrors, lockErrorsSince, readLockErrors } from './lock-errors.ts';
import { startWorkers } from './measure-saves.ts';
import { openRowLockSaves, type TurnWriter } from './row-lock-saves.ts';
import { createConversations, type SaveInstallation, waitForSaved } from './save-installation.ts';

/** The row lock's way against ours, many callers on few conversations. */
export interface DirectComparison {
  rows: Row[];
  /** Of ours alone. */
  lockErrors: LockErrors;
  failed: number;
  lost: number;
  errors: Map<string, number>;
}

/** One variant's rounds of one answer time. */
interface Outcome {
  perSecond: number[];
  latencies: Samples;
  failed: number;
  lost: number;
  locks: LockErrors;
  errors: Map<string, number>;
}

export const CALLERS = 50;
export const HOT_CONVERSATIONS = 5;
const ROW_LOCK = 'row lock';
const OURS = 'ours';

/**
 * @param answersMs how long the model takes: within the transaction of the row lock, outside of any of ours
 */
export async function compareDirectSaves(
  installation: SaveInstallation,
  answersMs: readonly number[],
  times: Times,
  rounds: number,
  report: (line: string) => void,
): Promise<DirectComparison> {
  const workers = await startWorkers(installation, 1);
  const rowLock = openRowLockSaves(installation.databaseUrl, CALLERS);
  const writers = new Map([
    [ROW_LOCK, rowLock],
    [OURS, await openOurs(installation)],
  ]);
  const comparison: DirectComparison = {
    rows: [],
    lockErrors: { deadlocks: 0, timeouts: 0, rollbacks: 0, waits: 0 },
    failed: 0,
    lost: 0,
    errors: new Map(),
  };
  for (const answerMs of answersMs) {
    const outcomes = new Map([...writers.keys()].map((name) => [name, noOutcome()]));
    for (let round = 0; round < rounds; round++) {
      for (const [name, writer] of writers) {
        report(`${CALLERS} callers on ${HOT_CONVERSATIONS} conversations, answer ${answerMs} ms: ${name}`);
        await measureOnce(installation, writer, answerMs, times, outcomes.get(name) ?? noOutcome());
      }
    }
    for (const [name, outcome] of outcomes) comparison.rows.push(toRow(name, answerMs, outcome, outcomes));
    addOurs(comparison, outcomes.get(OURS) ?? noOutcome());
  }
  await rowLock.close();
  await Promise.all(workers.map((worker) => worker.stop()));
  return comparison;
}

/** The product's own: the line of a conversation, then a turn from its start to its finish. */
async function openOurs({ services }: SaveInstallation): Promise<TurnWriter> {
  const { TurnGate } =
    await importBuilt<typeof import('../../src/modules/chat/turn-gate.ts')>('modules/chat/turn-gate.js');
  const config = { concurrentTurns: 'wait', turnWaitMs: 60_000 } as ConstructorParameters<typeof TurnGate>[1];
  const gate = new TurnGate(services.turns, config);
  const neverGone = new AbortController().signal;
  return {
    takeTurn: async (conversationId, ownerId, answerMs) => {
      const turn = startedTurn(conversationId, ownerId);
      await gate.enter({ conversationId, turnId: turn.id }, ownerId, neverGone);
      const kept = await services.turns.start(turn);
      if (!kept) throw new Error('The turn was there before.');
      if (answerMs > 0) await delay(answerMs);
      await services.turns.finish(kept, finishedTurn(turn));
    },
    close: () => Promise.resolve(),
  };
}

async function measureOnce(
  { database }: SaveInstallation,
  writer: TurnWriter,
  answerMs: number,
  times: Times,
  outcome: Outcome,
): Promise<void> {
  const conversations = await createConversations(database, HOT_CONVERSATIONS);
  const { ownerId, ids } = conversations;
  const before = await readLockErrors(database);
  let taken = 0;
  const load = await runClosedLoop({
    callers: CALLERS,
    ...times,
    call: async (caller) => {
      const startedAt = performance.now();
      await writer.takeTurn(ids[caller % ids.length] ?? '', ownerId, answerMs);
      taken++;
      return performance.now() - startedAt;
    },
  });
  outcome.lost += taken - (await waitForSaved(database, conversations, taken));
  const locks = await lockErrorsSince(database, before);
  for (const name of Object.keys(locks) as (keyof LockErrors)[]) outcome.locks[name] += locks[name];
  outcome.perSecond.push(load.perSecond);
  for (const latency of load.results) outcome.latencies.add(latency);
  for (const [text, times] of load.errors) {
    outcome.failed += times;
    outcome.errors.set(text, (outcome.errors.get(text) ?? 0) + times);
  }
}

function noOutcome(): Outcome {
  return {
    perSecond: [],
    latencies: new Samples(),
    failed: 0,
    lost: 0,
    locks: { deadlocks: 0, timeouts: 0, rollbacks: 0, waits: 0 },
    errors: new Map(),
  };
}

function toRow(variant: string, answerMs: number, outcome: Outcome, all: Map<string, Outcome>): Row {
  const base = all.get(ROW_LOCK)?.perSecond ?? [];
  const ratios = outcome.perSecond.map((rate, index) => rate / (base[index] ?? Number.NaN));
  return {
    answer_ms: answerMs,
    variant,
    turns_per_s: round(median(outcome.perSecond)),
    ratio: round(median(ratios)),
    p50_ms: round(outcome.latencies.percentile(50)),
    p95_ms: round(outcome.latencies.percentile(95)),
    failed: outcome.failed,
    timeouts_1205: outcome.locks.timeouts,
    deadlocks_1213: outcome.locks.deadlocks,
    rollbacks: outcome.locks.rollbacks,
    row_lock_waits: outcome.locks.waits,
    lost: outcome.lost,
  };
}

function addOurs(comparison: DirectComparison, outcome: Outcome): void {
  for (const name of Object.keys(outcome.locks) as (keyof LockErrors)[])
    comparison.lockErrors[name] += outcome.locks[name];
  comparison.failed += outcome.failed;
  comparison.lost += outcome.lost;
  for (const [text, times] of outcome.errors)
    comparison.errors.set(text, (comparison.errors.get(text) ?? 0) + times);
}
