import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COIN, TestCoinApi } from '../factories/coin-api.js';

let api: TestCoinApi;
beforeAll(async () => {
  api = await TestCoinApi.create();
});
afterAll(() => api.close());

/** Spreads an account's entries over days: the first on 2026-01-01, the next a day later, and so on. */
async function dateEntries(accountId: string): Promise<void> {
  await api.transactions.single.query(
    "UPDATE coin_journal SET created_at = '2026-01-01' + INTERVAL (sequence - 1) DAY WHERE account_id = ?",
    [accountId],
  );
}

describe('the journal', () => {
  it('is filtered by kind, reference and time, page by page', async () => {
    const user = await api.userWith(0n);
    for (let n = 0; n < 4; n++) await api.grant(user.id, 5n * COIN);
    const held = await api.hold(user.id);
    await api.hold(user.id);
    await api.service.settleHold({ accountId: user.id, holdId: held, amount: 1n, reference: held });
    await dateEntries(user.id);
    const sequences = async (query: string) =>
      (await api.readAll(`/api/coins/journal?limit=2${query}`, user)).items.map(({ sequence }) => sequence);
    expect(await sequences('')).toEqual([7, 6, 5, 4, 3, 2, 1]);
    expect(await sequences('&kind=grant')).toEqual([4, 3, 2, 1]);
    expect(await sequences(`&reference=${held}`)).toEqual([7, 5]);
    expect(await sequences(`&reference=${held}&kind=hold`)).toEqual([5]);
    expect(await sequences('&from=2026-01-03')).toEqual([7, 6, 5, 4, 3]);
    expect(await sequences('&to=2026-01-03')).toEqual([2, 1]);
    expect(await sequences('&from=2026-01-03T00:00:00.001Z&to=2026-01-05T02:00:00%2B02:00')).toEqual([4]);
    expect(await sequences('&from=2026-01-02&to=2026-01-06&kind=grant')).toEqual([4, 3, 2]);
    expect(await sequences('&from=2030-01-01')).toEqual([]);
    expect(await sequences('&to=2020-01-01')).toEqual([]);
  });

  it('looks through a bounded part of itself for a reference, and says that there is more', async () => {
    const user = await api.userWith(1n);
    const held = await api.hold(user.id);
    // So many entries as two searches take; their content does not matter here.
    await api.transactions.single.query(
      `INSERT INTO coin_journal SELECT account_id, sequence + n.seq, kind, 0, 0, 0, balance_after, frozen_after,
         debt_after, NULL, 'other', actor, reason, note, NULL, created_at, hash
       FROM coin_journal, seq_1_to_15000 n WHERE account_id = ? AND sequence = 2`,
      [user.id],
    );
    await api.transactions.single.query('UPDATE coin_accounts SET journal_sequence = 15002 WHERE id = ?', [
      user.id,
    ]);
    const { items, pages } = await api.readAll(`/api/coins/journal?reference=${held}`, user);
    expect([items.map(({ sequence }) => sequence), pages]).toEqual([[2], 2]);
  });

  it.each(['kind=gift', 'from=yesterday', 'from=2026-02-01&to=2026-02-01', 'limit=0', 'reference='])(
    'refuses the filter %s',
    async (query) => {
      const answer = await api.get(`/api/coins/journal?${query}`, await api.userWith(0n));
      expect([answer.statusCode, answer.json().code]).toEqual([422, 'invalid_request']);
    },
  );

  it('shows operators who acted', async () => {
    const user = await api.userWith(0n);
    await api.post(`${user.id}/grants`, { amount: '1', reason: 'coupon' });
    const { items } = await api.readAll(
      `/api/coins/accounts/${user.id}/journal?limit=1&kind=grant`,
      api.operator,
    );
    expect(items).toMatchObject([{ kind: 'grant', actor: api.operator.id, reason: 'coupon' }]);
  });
});

describe('holds', () => {
  it('are listed by status, page by page, the newest first', async () => {
    const user = await api.userWith(100n);
    const [settled, open, released] = [
      await api.hold(user.id),
      await api.hold(user.id),
      await api.hold(user.id),
    ];
    await api.service.settleHold({
      accountId: user.id,
      holdId: settled,
      amount: 400_000n,
      reference: settled,
    });
    await api.service.releaseHold({ accountId: user.id, holdId: released, reason: 'turn_failed' });
    const all = await api.readAll('/api/coins/holds?limit=1', user);
    expect([all.items.map(({ id }) => id), all.pages]).toEqual([[released, open, settled], 3]);
    expect(all.items[2]).toEqual({
      id: settled,
      status: 'settled',
      amount: '1.000000',
      settled_amount: '0.400000',
      debt_amount: '0.000000',
      purpose: 'chat',
      reference: settled,
      created_at: expect.any(String),
      expires_at: expect.any(String),
      ended_at: expect.any(String),
    });
    const { items } = await api.readAll(
      `/api/coins/accounts/${user.id}/holds?limit=50&status=open`,
      api.operator,
    );
    expect(items).toMatchObject([{ id: open, settled_amount: null, ended_at: null }]);
    const refused = await api.get('/api/coins/holds?status=frozen', user);
    expect([refused.statusCode, refused.json().param]).toEqual([422, 'status']);
    expect((await api.get('/api/coins/holds?cursor=WyJhIl0', user)).statusCode).toBe(422);
  });
});

describe('the statement', () => {
  it('is a CSV of the period, the oldest entry first', async () => {
    const user = await api.userWith(0n);
    for (let n = 1; n <= 3; n++) await api.grant(user.id, BigInt(n) * COIN, `Order "${n}", paid`);
    await dateEntries(user.id);
    const answer = await api.get('/api/coins/statement.csv?from=2026-01-02', user);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="coin-statement.csv"',
      'cache-control': 'no-store',
    });
    expect(answer.body.split('\r\n')).toEqual([
      '\uFEFFsequence,created_at,kind,balance_delta,frozen_delta,debt_delta,balance_after,frozen_after,debt_after,' +
        'hold_id,reference,reason,note',
      '2,2026-01-02T00:00:00.000Z,grant,2.000000,0.000000,0.000000,3.000000,0.000000,0.000000,,,"purchase",' +
        '"Order ""2"", paid"',
      '3,2026-01-03T00:00:00.000Z,grant,3.000000,0.000000,0.000000,6.000000,0.000000,0.000000,,,"purchase",' +
        '"Order ""3"", paid"',
      '',
    ]);
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '＝1', '\r=1'])(
    'gives a spreadsheet no formula for the note %j',
    async (note) => {
      const user = await api.userWith(0n);
      await api.grant(user.id, COIN, note);
      const { body } = await api.get('/api/coins/statement.csv', user);
      expect(body).toContain(`,"'${note}"\r\n`);
    },
  );

  it('has all entries of several batches, and is refused where it would have too many', async () => {
    const user = await api.userWith(1n);
    const copyEntries = (first: number, last: number) =>
      api.transactions.single.query(
        `INSERT INTO coin_journal SELECT account_id, n.seq, kind, balance_delta, 0, 0, balance_after, 0, 0, NULL, NULL,
           actor, reason, note, NULL, created_at, hash
         FROM coin_journal, seq_${first}_to_${last} n WHERE account_id = ? AND sequence = 1`,
        [user.id],
      );
    const setHead = (sequence: number) =>
      api.transactions.single.query('UPDATE coin_accounts SET journal_sequence = ? WHERE id = ?', [
        sequence,
        user.id,
      ]);
    await copyEntries(2, 1_201);
    await setHead(1_201);
    const { body } = await api.get('/api/coins/statement.csv', user);
    const numbers = body
      .split('\r\n')
      .slice(1, -1)
      .map((line) => Number(line.split(',')[0]));
    expect(numbers).toEqual(Array.from({ length: 1_201 }, (_, index) => index + 1));
    await copyEntries(1_202, 50_001);
    await setHead(50_001);
    const refused = await api.get('/api/coins/statement.csv', user);
    expect([refused.statusCode, refused.json().code]).toEqual([422, 'statement_too_long']);
  });
});
