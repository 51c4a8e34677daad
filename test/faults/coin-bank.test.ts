import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Transactions } from '../../src/platform/database/index.js';
import { BankClients } from '../factories/coin-bank.js';
import { expectBooksToBalance } from '../factories/coin-books.js';
import { CoinServiceProcess } from '../factories/coin-service-process.js';
import { OwnMariadb } from '../factories/own-mariadb.js';
import { randomFrom } from '../factories/random.js';
import { openDatabase } from '../factories/test-database.js';
import { waitUntil } from '../factories/wait.js';

const SECONDS = Number(process.env['TEST_BANK_SECONDS'] ?? 20);
const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);
const ACCOUNTS = 6;
const CLIENTS = 24;
const FUNDS = 300n;
/** Between two faults there must be calm for this long, and this much must be done. */
const CALM_MS = 2_000;
const CALM_TRANSFERS = 20;

interface Totals {
  owned: string;
  least: string;
}

/** What all accounts own together, and the least that any has of anything; undefined while the database is away. */
async function readTotals(database: Transactions): Promise<{ owned: bigint; least: bigint } | undefined> {
  const sql = `SELECT SUM(balance - debt) AS owned, LEAST(MIN(balance), MIN(frozen), MIN(balance - frozen), MIN(debt)) AS least
    FROM coin_accounts`;
  const rows = await database.single.query<Totals[]>(sql).catch(() => []);
  return rows[0] && { owned: BigInt(rows[0].owned), least: BigInt(rows[0].least) };
}

/** Expects that the books hold what was acknowledged, once, and nothing else. */
async function expectAllPresentOnce(
  clients: BankClients,
  accountIds: readonly string[],
  database: Transactions,
): Promise<void> {
  await waitUntil('the expiry of what was abandoned', async () => {
    await clients.expireHolds();
    const rows: unknown[] = await database.single.query(`SELECT 1 FROM coin_holds WHERE status = 'open'`);
    return rows.length === 0;
  });
  for (const accountId of accountIds) {
    const { holds, journal } = await expectBooksToBalance(database, accountId);
    const own = clients.holds.filter((hold) => hold.accountId === accountId);
    expect(
      holds.map(({ id, amount, status, settledAmount }) => ({ id, amount, status, settledAmount })),
    ).toEqual(
      own
        .map(({ id, amount, end, charged }) => ({
          id,
          amount,
          status: { settled: 'settled', released: 'released', penalized: 'released', abandoned: 'expired' }[
            end
          ],
          settledAmount: end === 'settled' ? charged : null,
        }))
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    );
    const granted = clients.grants.filter((grant) => grant.accountId === accountId);
    const penalized = own.filter((hold) => hold.end === 'penalized');
    const written = (kind: string) =>
      journal.flatMap((entry) =>
        entry.kind === kind ? [`${entry.idempotencyKey} ${entry.balanceDelta - entry.debtDelta}`] : [],
      );
    expect(written('grant').sort()).toEqual(granted.map(({ key, amount }) => `${key} ${amount}`).sort());
    expect(written('penalty').sort()).toEqual(
      penalized.map(({ id, charged }) => `by-${id} ${-charged}`).sort(),
    );
  }
}

describe('a bank', () => {
  let mariadb: OwnMariadb;
  let processes: CoinServiceProcess[];

  beforeAll(async () => {
    mariadb = await OwnMariadb.start();
    const environment = {
      LOCKKEEPER_DATABASE_URL: mariadb.url,
      LOCKKEEPER_REDIS_URL: 'redis://127.0.0.1:1',
    };
    processes = [await CoinServiceProcess.start(environment), await CoinServiceProcess.start(environment)];
  });
  afterAll(async () => {
    await Promise.all(processes.map((process) => process.kill()));
    await mariadb.dispose();
  });

  const faults = [
    ['kill -9 of one process', () => processes[0]?.kill(), () => processes[0]?.start()],
    ['kill -9 of MariaDB', () => mariadb.kill(), () => mariadb.startAgain()],
    ['kill -9 of the other process', () => processes[1]?.kill(), () => processes[1]?.start()],
    ['restart of MariaDB', () => mariadb.stop(), () => mariadb.startAgain()],
  ] as const;

  /** Faults in turn, each when there was calm since the one before, until the time is up and each had its turn. */
  async function breakThings(clients: BankClients): Promise<string[]> {
    const endsAt = performance.now() + SECONDS * 1_000;
    const done: string[] = [];
    while (done.length < faults.length || performance.now() < endsAt) {
      const [name, strike, mend] = faults[done.length % faults.length]!;
      await strike();
      await mend();
      done.push(name);
      const [since, before] = [performance.now(), clients.holds.length];
      const isCalm = () =>
        performance.now() - since > CALM_MS && clients.holds.length - before >= CALM_TRANSFERS;
      await waitUntil('transfers going on', isCalm, 60_000);
    }
    return done;
  }

  it(
    `neither makes nor loses a coin in ${SECONDS} s of kills`,
    { timeout: SECONDS * 1_000 + 120_000 },
    async () => {
      console.info(`TEST_SEED=${SEED}`);
      const accountIds = Array.from({ length: ACCOUNTS }, () => randomUUID());
      const clients = new BankClients(processes, accountIds, randomFrom(SEED), CLIENTS);
      const total = FUNDS * BigInt(ACCOUNTS);
      await clients.fund(FUNDS);
      await using database = await openDatabase(mariadb.url);

      let areFaultsOver = false;
      let haveEnded = false;
      const struck = breakThings(clients).finally(() => (areFaultsOver = true));
      const transfers = clients.run(() => areFaultsOver).finally(() => (haveEnded = true));
      const watch = waitUntil(
        'the end of the transfers',
        async () => {
          const now = await readTotals(database);
          if (now) {
            expect(now.owned).toBeLessThanOrEqual(total);
            expect(now.owned).toBeGreaterThanOrEqual(total - clients.maxInFlight);
            expect(now.least).toBeGreaterThanOrEqual(0n);
          }
          await clients.expireHolds();
          return haveEnded;
        },
        SECONDS * 1_000 + 100_000,
      );
      const [names] = await Promise.all([struck, transfers, watch]);
      console.info(`${clients.holds.length} transfers, ${clients.retries} retries; ${names.join(', ')}`);

      expect(clients.failures).toEqual([]);
      await expectAllPresentOnce(clients, accountIds, database);
      expect(await readTotals(database)).toMatchObject({ owned: total });
    },
  );
});
