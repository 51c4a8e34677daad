import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryLedger } from '../fakes/memory-ledger.js';
import { expectBooksToBalance } from '../factories/coin-books.js';
import {
  explain,
  type History,
  histories,
  holdIdsOf,
  runRound,
  stateOf,
} from '../factories/coin-histories.js';
import { TestCoins } from '../factories/coins.js';

const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);
const RUNS = Number(process.env['TEST_RUNS'] ?? 1_000);
/** Each account has its history to itself, so that several can be under way. */
const LANES = 16;
const TIME_LIMIT_MS = 200_000;

describe('any history of an account', () => {
  let processes: TestCoins[];
  beforeAll(async () => {
    const first = await TestCoins.create();
    processes = [first, await first.otherProcess()];
  });
  afterAll(async () => {
    for (const process of processes.toReversed()) await process.close();
  });

  /** Plays a history on a new account and expects that one that runs in one thread could have answered so. */
  async function play(history: History): Promise<void> {
    const accountId = randomUUID();
    const holdIds = holdIdsOf(randomUUID);
    let candidates = [new MemoryLedger(accountId)];
    for (const steps of history) {
      const answers = await runRound(processes, accountId, holdIds, steps);
      candidates = explain(candidates, holdIds, steps, answers);
      if (candidates.length === 0)
        throw new Error(`No order of the steps gives these answers: ${fc.stringify([steps, answers])}`);
    }
    if (candidates.every((candidate) => candidate.journal.length === 0)) return;
    const books = await expectBooksToBalance(processes[0]!.transactions, accountId);
    expect(candidates.map(stateOf)).toContainEqual(stateOf(books));
  }

  it(
    `is one that a single thread could have written (${RUNS} runs)`,
    { timeout: TIME_LIMIT_MS + 10_000 },
    async () => {
      console.info(`TEST_SEED=${SEED}`);
      const lanes = Array.from({ length: LANES }, (_, lane) =>
        fc.assert(fc.asyncProperty(histories, play), {
          seed: SEED + lane,
          numRuns: Math.ceil(RUNS / LANES),
          interruptAfterTimeLimit: TIME_LIMIT_MS,
          markInterruptAsFailure: true,
        }),
      );
      await Promise.all(lanes);
    },
  );
});
