import { afterAll, beforeAll, expect, it } from 'vitest';
import { createProduct, type Product } from '../factories/product.js';
import { Administrator } from '../factories/product-users.js';
import { openDatabase } from '../factories/test-database.js';
import { waitUntil } from '../factories/wait.js';

/** Half of them before the second kill, half after it. */
const CONVERSATIONS = 24;
const TURNS_EACH = 8;
/** The lock of a dead worker's job has run out, and been looked at. */
const TAKE_OVER_MS = 15_000;
/** What a machine that is busy with other tests may add. */
const BUSY_MS = 5_000;

interface SavedMessage {
  conversation_id: string;
  turn_id: string;
  sequence: number;
  role: string;
  content: string;
}

let product: Product;
beforeAll(async () => {
  product = await createProduct();
});
afterAll(() => product.dispose());

it(`saves each of ${CONVERSATIONS * TURNS_EACH} concurrent turns once and in order though both workers are killed, and what waits for a dead one within 15 s`, async () => {
  await using database = await openDatabase(product.environment['LOCKKEEPER_DATABASE_URL'] ?? '');
  const { url } = await product.startApi();
  const administrator = await Administrator.of(product, url);
  const { id: userId, apiKey } = await administrator.createUser('100');

  async function takeTurn(number: number, conversationId?: string) {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        ...(conversationId === undefined ? {} : { 'x-conversation-id': conversationId }),
      },
      body: JSON.stringify({
        model: 'local:tokens=5,delay_ms=5',
        messages: [{ role: 'user', content: `message ${number}` }],
      }),
    });
    expect(response.status).toBe(200);
    await response.json();
    return {
      conversationId: response.headers.get('x-conversation-id') ?? '',
      turnId: response.headers.get('x-turn-id') ?? '',
    };
  }

  const finished = new Map<string, string[]>();
  async function converse() {
    const first = await takeTurn(0);
    const turnIds = [first.turnId];
    finished.set(first.conversationId, turnIds);
    for (let number = 1; number < TURNS_EACH; number++) {
      turnIds.push((await takeTurn(number, first.conversationId)).turnId);
    }
  }
  const countSaved = async () => {
    const rows: { n: string }[] = await database.single.query('SELECT COUNT(*) AS n FROM turns');
    return Number(rows[0]?.n);
  };

  const isSaved = async (turnIds: readonly string[]) => {
    const rows: unknown[] = await database.single.query('SELECT 1 FROM turns WHERE id IN (?)', [turnIds]);
    return rows.length === turnIds.length;
  };

  const [worker, other] = await Promise.all([product.startWorker(), product.startWorker()]);
  const someConverse = () => Promise.all(Array.from({ length: CONVERSATIONS / 2 }, converse));
  const early = someConverse();
  await waitUntil('some turns saved', async () => (await countSaved()) >= 20);
  await worker.kill();
  const finishedAtKill = [...finished.values()].flat();
  await waitUntil('what waited at the kill saved', () => isSaved(finishedAtKill), TAKE_OVER_MS + BUSY_MS);
  await early;
  await other.kill();
  await someConverse();
  await product.startWorker();

  const total = CONVERSATIONS * TURNS_EACH;
  await waitUntil('all turns saved', async () => (await countSaved()) === total, 60_000);
  const messages: SavedMessage[] = await database.single.query(
    'SELECT conversation_id, turn_id, sequence, role, content FROM conversation_messages ORDER BY conversation_id, sequence',
  );
  expect(messages).toHaveLength(2 * total);
  for (const [conversationId, turnIds] of finished) {
    const own = messages.filter((message) => message.conversation_id === conversationId);
    expect(own.map((message) => message.sequence)).toEqual(own.map((_, index) => index + 1));
    expect(own.map((message) => message.turn_id)).toEqual(turnIds.flatMap((id) => [id, id]));
    expect(own.filter((message) => message.role === 'user').map((message) => message.content)).toEqual(
      turnIds.map((_, number) => `message ${number}`),
    );
  }
  const counters: unknown[] = await database.single.query(
    'SELECT id FROM conversations WHERE owner_id = ? AND (message_count <> ? OR last_sequence <> ?)',
    [userId, 2 * TURNS_EACH, 2 * TURNS_EACH],
  );
  expect(counters).toEqual([]);
});
