import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configDefinitions } from '../../src/app.config.js';
import { reconcileCoins, verifyCoins } from '../../src/coins.command.js';
import { loadConfig } from '../../src/platform/config/index.js';
import { Transactions } from '../../src/platform/database/index.js';
import { saveAllTurns, TestChatter } from '../factories/chat.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';

describe('the commands for the books', () => {
  let test: TestApp;
  let chatter: TestChatter;
  let turnId: string;
  beforeAll(async () => {
    test = await createTestApp();
    chatter = await TestChatter.create(test);
    ({ turnId } = await chatter.say('Hello'));
    await saveAllTurns(test);
  });
  afterAll(() => test.close());

  const config = () => loadConfig(test.environment, configDefinitions);
  const sql = (statement: string, ...values: unknown[]) =>
    test.app.get(Transactions).single.query(statement, values);

  it('say that all agrees, and end with 0', async () => {
    expect(await reconcileCoins(config(), {})).toEqual({
      output: 'Looked at 1 accounts, 1 turns, 0 charged holds.\nAll agree.\n',
      exitCode: 0,
    });
    expect(await verifyCoins(config(), {})).toEqual({
      output: 'Read 1 accounts, 3 entries.\nEvery chain is whole.\n',
      exitCode: 0,
    });
  });

  it('name what disagrees, of the ledger and of the turns, and end with 1', async () => {
    await sql('UPDATE coin_accounts SET balance = balance + 1 WHERE id = ?', chatter.user.id);
    await sql('UPDATE turns SET cost_micro_coins = 0 WHERE id = ?', turnId);
    const { output, exitCode } = await reconcileCoins(config(), {});
    expect(exitCode).toBe(1);
    expect(output).toMatch(
      /^balance: 1\. .+\n {2}account [0-9a-f-]{36}, account: 9\.9\d+, the journal adds/m,
    );
    expect(output).toMatch(
      new RegExp(`^turn_cost: 1\\. .+\\n  account .+, turn ${turnId}: costs 0.000000`, 'm'),
    );
    const json = JSON.parse((await reconcileCoins(config(), { json: true })).output) as {
      is_clean: boolean;
      disagreements: { kind: string; count: number; meaning: string; examples: object[] }[];
    };
    expect(json.is_clean).toBe(false);
    expect(json.disagreements.find(({ kind }) => kind === 'turn_cost')).toEqual({
      kind: 'turn_cost',
      count: 1,
      meaning: expect.any(String),
      examples: [{ account_id: chatter.user.id, subject: `turn ${turnId}`, detail: expect.any(String) }],
    });
    expect(json.disagreements.filter(({ count }) => count > 0)).toHaveLength(2);
  });

  it('name the entry that was altered, in all accounts or in one', async () => {
    await sql(
      'UPDATE coin_journal SET balance_delta = 0 WHERE account_id = ? AND sequence = 1',
      chatter.user.id,
    );
    const fault = { account_id: chatter.user.id, kind: 'entry_altered', sequence: 1 };
    for (const account of [undefined, chatter.user.id]) {
      const { output, exitCode } = await verifyCoins(config(), { json: true, account });
      expect([JSON.parse(output), exitCode]).toMatchObject([
        { is_whole: false, fault_count: 1, looked_at: { accounts: 1, entries: 3 }, faults: [fault] },
        1,
      ]);
    }
    expect((await verifyCoins(config(), { account: randomUUID() })).exitCode).toBe(0);
    expect((await verifyCoins(config(), {})).output).toContain(
      `entry_altered: account ${chatter.user.id}, entry 1 `,
    );
    await expect(verifyCoins(config(), { account: '1' })).rejects.toThrow('--account: write the id');
  });
});
