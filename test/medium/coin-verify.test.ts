import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ChainVerifier } from '../../src/modules/coin-account/index.js';
import { TestCoins } from '../factories/coins.js';

describe('verifying the journal', () => {
  let coins: TestCoins;
  let verifier: ChainVerifier;
  beforeAll(async () => {
    coins = await TestCoins.create();
    verifier = coins.get(ChainVerifier);
  });
  afterEach(() => coins.forgetAll());
  afterAll(() => coins.close());

  const sql = (statement: string, ...values: unknown[]) => coins.transactions.single.query(statement, values);

  /** An account with so many entries, all grants. */
  async function accountWithEntries(count: number): Promise<string> {
    const accountId = randomUUID();
    await Promise.all(Array.from({ length: count }, (_, n) => coins.grant(accountId, BigInt(n + 1))));
    return accountId;
  }

  /** What is wrong, as `kind entry`; all of it with one account. */
  async function faultsOf(accountId: string): Promise<string[]> {
    const all = await verifier.verify();
    expect(await verifier.verify({ accountId })).toMatchObject({ accounts: 1, faults: all.faults });
    expect(new Set(all.faults.map((fault) => fault.accountId))).toEqual(new Set([accountId]));
    expect(all.faultCount).toBe(all.faults.length);
    return all.faults.map(({ kind, sequence }) => `${kind} ${sequence}`);
  }

  it('finds every chain whole that the service wrote', async () => {
    await accountWithEntries(5);
    const accountId = await coins.accountWith(10n);
    const { id } = await coins.hold(accountId, 5n);
    await coins.penalize(accountId, 20n, id);
    await coins.service.setBlocked({ accountId, isBlocked: true, actor: 'operator', note: '盗用 ☕️' });
    await coins.grant(accountId, 50n);
    expect(await verifier.verify()).toEqual({ accounts: 2, entries: 12, faultCount: 0, faults: [] });
    expect(await verifier.verify({ accountId: randomUUID() })).toMatchObject({ accounts: 0, faultCount: 0 });
  });

  it.each([
    'kind = "coupon"',
    'balance_delta = balance_delta + 1',
    'frozen_delta = 1',
    'debt_delta = 1',
    'balance_after = balance_after - 1',
    'frozen_after = 1',
    'debt_after = 1',
    'hold_id = UUID()',
    'reference = "r"',
    'actor = "nobody"',
    'reason = NULL',
    'note = "more"',
    'idempotency_key = "k"',
    'created_at = created_at + INTERVAL 1 SECOND',
    'hash = REVERSE(hash)',
  ])('finds an entry that was altered: %s', async (change) => {
    await accountWithEntries(3);
    const accountId = await accountWithEntries(6);
    await sql(`UPDATE coin_journal SET ${change} WHERE account_id = ? AND sequence = 3`, accountId);
    const faults = await faultsOf(accountId);
    expect(faults[0]).toBe('entry_altered 3');
    if (!change.startsWith('hash')) expect(faults).toHaveLength(1);
  });

  it('finds entries that were removed, one, several, or the first', async () => {
    const accountId = await accountWithEntries(9);
    await sql('DELETE FROM coin_journal WHERE account_id = ? AND sequence = 7', accountId);
    expect(await faultsOf(accountId)).toEqual(['entry_missing 7']);
    await sql('DELETE FROM coin_journal WHERE account_id = ? AND sequence IN (1, 3, 4)', accountId);
    expect(await faultsOf(accountId)).toEqual(['entry_missing 1', 'entry_missing 3', 'entry_missing 7']);
  });

  it('finds an entry that was taken out and the gap closed', async () => {
    const accountId = await accountWithEntries(6);
    await sql('DELETE FROM coin_journal WHERE account_id = ? AND sequence = 3', accountId);
    for (const n of [4, 5, 6])
      await sql(
        'UPDATE coin_journal SET sequence = ? WHERE account_id = ? AND sequence = ?',
        n - 1,
        accountId,
        n,
      );
    expect((await faultsOf(accountId))[0]).toBe('entry_altered 3');
  });

  it('finds two entries that changed places', async () => {
    const accountId = await accountWithEntries(8);
    const move = (from: number, to: number) =>
      sql('UPDATE coin_journal SET sequence = ? WHERE account_id = ? AND sequence = ?', to, accountId, from);
    await move(3, 100);
    await move(6, 3);
    await move(100, 6);
    const faults = await faultsOf(accountId);
    expect(faults).toEqual(expect.arrayContaining(['entry_altered 3', 'entry_altered 6']));
  });

  it('finds a tail that was cut off, also the whole journal', async () => {
    const accountId = await accountWithEntries(6);
    await sql('DELETE FROM coin_journal WHERE account_id = ? AND sequence > 4', accountId);
    expect(await faultsOf(accountId)).toEqual(['tail_missing 5']);
    await sql('DELETE FROM coin_journal WHERE account_id = ?', accountId);
    expect(await faultsOf(accountId)).toEqual(['tail_missing 1']);
  });

  it('finds a tail that was cut off and the count put back', async () => {
    const accountId = await accountWithEntries(6);
    await sql('DELETE FROM coin_journal WHERE account_id = ? AND sequence > 4', accountId);
    await sql('UPDATE coin_accounts SET journal_sequence = 4 WHERE id = ?', accountId);
    expect(await faultsOf(accountId)).toEqual(['tail_replaced 4']);
  });

  it('finds entries that no account counts', async () => {
    const accountId = await accountWithEntries(4);
    await sql('UPDATE coin_accounts SET journal_sequence = 3 WHERE id = ?', accountId);
    expect(await faultsOf(accountId)).toEqual(['tail_replaced 3', 'tail_unknown 4']);
    await sql('DELETE FROM coin_accounts WHERE id = ?', accountId);
    expect(await faultsOf(accountId)).toEqual(['account_missing 4']);
  });
});

describe('verifying much, or while the service works', () => {
  let coins: TestCoins;
  beforeAll(async () => {
    coins = await TestCoins.create();
  });
  afterAll(() => coins.close());

  it('reads journals and accounts of several batches', async () => {
    const long = randomUUID();
    await Promise.all(Array.from({ length: 2_300 }, (_, n) => coins.grant(long, BigInt(n + 1))));
    for (let n = 0; n < 21; n++) await Promise.all(Array.from({ length: 50 }, () => coins.accountWith(1n)));
    const verifier = coins.get(ChainVerifier);
    expect(await verifier.verify()).toEqual({ accounts: 1_051, entries: 3_350, faultCount: 0, faults: [] });
    await coins.transactions.single.query(
      'DELETE FROM coin_journal WHERE account_id = ? AND sequence = 1001',
      [long],
    );
    expect((await verifier.verify()).faults).toMatchObject([{ kind: 'entry_missing', sequence: 1_001 }]);
    await coins.transactions.single.query('DELETE FROM coin_journal WHERE account_id = ?', [long]);
    await coins.transactions.single.query('DELETE FROM coin_accounts WHERE id = ?', [long]);
  });

  it('takes what is being written for neither a gap nor a forgery', async () => {
    const work = { isDone: false };
    const all = Promise.all(
      Array.from({ length: 4 }, async () => {
        const accountId = randomUUID();
        for (let n = 0; n < 40; n++)
          await Promise.all(Array.from({ length: 10 }, () => coins.grant(accountId, 1n)));
        for (let n = 0; n < 40; n++) await coins.accountWith(1n);
      }),
    ).finally(() => (work.isDone = true));
    const verifier = coins.get(ChainVerifier);
    let rounds = 0;
    do {
      expect((await verifier.verify()).faults).toEqual([]);
      rounds++;
    } while (!work.isDone);
    await all;
    expect(rounds).toBeGreaterThan(1);
  });
});
