import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Transactions } from '../../src/platform/database/index.js';
import { expectCleanBooks } from '../factories/clean-books.js';
import { readBooks } from '../factories/coin-books.js';
import { createProduct, type Product, type ProductProcess } from '../factories/product.js';
import { Administrator } from '../factories/product-users.js';
import { openDatabase } from '../factories/test-database.js';
import { waitUntil } from '../factories/wait.js';

const GRANTED = 100_000_000n;
/** Within which a crash must be cleared up. */
const MINUTE_MS = 60_000;

type User = Awaited<ReturnType<Administrator['createUser']>>;

interface TurnRow {
  id: string;
  conversation_id: string;
  status: string;
  error_code: string;
}

async function drain(reader: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await reader.read()).done);
}

describe('an API process that is killed', () => {
  let product: Product;
  let database: Transactions & AsyncDisposable;
  let killed: ProductProcess & { url: string };
  let administrator: Administrator;
  let killedAt: number;
  let [midway, waiting, unnoted]: User[] = [];

  /** Asks for an answer that will never end by itself. Whoever reads it sees the connection break. */
  async function ask(user: User | undefined, model: string): Promise<Response | undefined> {
    const request = fetch(`${killed.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${user?.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'Hello' }] }),
    });
    return request.catch(() => undefined);
  }

  const openHoldOf = async (user: User | undefined) => {
    const books = await readBooks(database, user?.id ?? '');
    return books.holds.find((hold) => hold.status === 'open');
  };

  async function readUntil(response: Response | undefined, text: string): Promise<void> {
    if (!response?.body) throw new Error('There is no answer.');
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let seen = '';
    while (!seen.includes(text)) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`The answer ended before '${text}': ${seen}`);
      seen += value;
    }
    // The rest breaks off when the process is killed.
    void drain(reader).catch(() => undefined);
  }

  const messagesOf = async (user: User | undefined, conversationId: string) => {
    const { url } = await survivor;
    const response = await fetch(`${url}/api/conversations/${conversationId}/messages`, {
      headers: { authorization: `Bearer ${user?.apiKey}` },
    });
    return ((await response.json()) as { items: object[] }).items;
  };

  /** The user's turn once it is saved, and how long after the kill that was. */
  const savedTurnOf = (user: User | undefined) =>
    waitUntil(
      'the turn swept and saved',
      async () => {
        const sql = 'SELECT id, conversation_id, status, error_code FROM turns WHERE owner_id = ?';
        const rows = await database.single.query<TurnRow[]>(sql, [user?.id]);
        return rows[0];
      },
      killedAt + MINUTE_MS - performance.now(),
    );

  let survivor: Promise<{ url: string }>;

  beforeAll(async () => {
    product = await createProduct({ LOCKKEEPER_TURN_LEASE_MS: '10000' });
    database = await openDatabase(product.environment['LOCKKEEPER_DATABASE_URL'] ?? '');
    killed = await product.startApi();
    await product.startWorker();
    survivor = product.startApi();
    await survivor;
    administrator = await Administrator.of(product, killed.url);
    [midway, waiting, unnoted] = await Promise.all(
      Array.from({ length: 3 }, () => administrator.createUser('100')),
    );
    await killInTheMiddle();
  });
  afterAll(async () => {
    await database[Symbol.asyncDispose]();
    await product.dispose();
  });

  /** Kills it with one turn in the middle of its answer, one before it, and one that is held for but not noted. */
  async function killInTheMiddle(): Promise<void> {
    const streaming = await ask(midway, 'local:tokens=1000000,delay_ms=20');
    void ask(waiting, 'local:tokens=5,first_delay_ms=600000');
    await waitUntil('the hold of the turn that waits', () => openHoldOf(waiting));
    await readUntil(streaming, ' w150"');
    await database.run(async (transaction) => {
      // What follows the hold is the insertion of the conversation.
      await transaction.query('LOCK TABLES conversations READ');
      void ask(unnoted, 'local');
      await waitUntil('the hold of the turn that is not noted', () => openHoldOf(unnoted));
      await killed.kill();
      killedAt = performance.now();
      await transaction.query('UNLOCK TABLES');
    });
  }

  it('in the middle of an answer leaves what was answered, interrupted and charged, within a minute', async () => {
    const turn = await savedTurnOf(midway);
    expect(turn).toMatchObject({ status: 'interrupted', error_code: 'turn_interrupted' });
    expect(await messagesOf(midway, turn.conversation_id)).toMatchObject([
      { role: 'user', content: 'Hello' },
      { role: 'assistant', status: 'interrupted', content: expect.stringMatching(/^w1 w2 .*w50 /) },
    ]);
    const { account, holds } = await expectCleanBooks(database, midway?.id ?? '');
    expect(holds).toMatchObject([{ id: turn.id, status: 'settled' }]);
    expect(account.balance).toBe(GRANTED - (holds[0]?.settledAmount ?? 0n));
    expect(account.balance).toBeLessThan(GRANTED);
  });

  it('before the first token leaves the question, and gives everything back within a minute', async () => {
    const turn = await savedTurnOf(waiting);
    expect(turn).toMatchObject({ status: 'interrupted' });
    expect(await messagesOf(waiting, turn.conversation_id)).toMatchObject([
      { role: 'user', content: 'Hello' },
    ]);
    const { account, holds } = await expectCleanBooks(database, waiting?.id ?? '');
    expect(holds).toMatchObject([{ id: turn.id, status: 'released' }]);
    expect(account.balance).toBe(GRANTED);
  });

  it('before a turn was noted gives back what was held for it within a minute', async () => {
    await waitUntil(
      'the expiry of the hold',
      async () => !(await openHoldOf(unnoted)),
      killedAt + MINUTE_MS - performance.now(),
    );
    const { account, holds } = await expectCleanBooks(database, unnoted?.id ?? '');
    expect(holds).toMatchObject([{ status: 'expired' }]);
    expect(account.balance).toBe(GRANTED);
  });

  it('leaves accounts that can go on', async () => {
    const { url } = await survivor;
    for (const user of [midway, waiting, unnoted]) {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${user?.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'local', messages: [{ role: 'user', content: randomUUID() }] }),
      });
      expect(response.status).toBe(200);
    }
  });
});
