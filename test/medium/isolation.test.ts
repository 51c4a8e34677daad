import { afterAll, beforeAll, expect, it } from 'vitest';
import { Transactions } from '../../src/platform/database/index.js';
import { createTestModule, type TestModule } from '../factories/test-module.js';

let test: TestModule;
beforeAll(async () => {
  test = await createTestModule();
});
afterAll(() => test.close());

it('every connection of the pool reads what is committed, the first one too', async () => {
  const transactions = test.app.get(Transactions);
  const levels = await Promise.all(
    Array.from({ length: 20 }, () =>
      transactions.run(async (transaction) => {
        // All transactions are open at once, so that each has a connection of its own.
        await transaction.query('DO SLEEP(0.2)');
        const rows: { Value: string }[] = await transaction.query("SHOW VARIABLES LIKE 't%_isolation'");
        return rows[0]?.Value;
      }),
    ),
  );
  expect(new Set(levels)).toEqual(new Set(['READ-COMMITTED']));
});
