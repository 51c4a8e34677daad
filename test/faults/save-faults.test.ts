import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SAVE_SHARDS } from '../../src/modules/conversation/domain/shards.js';
import { saveTurns } from '../../src/modules/conversation/saving/save-turns.job.js';
import { TurnSaver } from '../../src/modules/conversation/saving/turn-saver.service.js';
import { JobQueue } from '../../src/platform/queue/index.js';
import { OwnProduct } from '../factories/own-product.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { waitUntil } from '../factories/wait.js';

const ROUNDS = Number(process.env['TEST_FAULT_ROUNDS'] ?? 1);
const CONVERSATIONS = 30;
const POISONED = 3;
const BEHIND_POISON = 3;
const TURNS = 3 * CONVERSATIONS * ROUNDS;
/** Tries of a turn that cannot be saved, and its parking, for each of the poisoned ones. */
const PARK_MS = 60_000;

interface Parked {
  conversation_id: string;
  turn_id: string;
}

let own: OwnProduct;
beforeAll(async () => {
  own = await OwnProduct.start({}, { apis: 1 });
});
afterAll(() => own?.dispose());

describe('a turn that cannot be saved', () => {
  const poisoned = new Map<string, string>();
  beforeAll(async () => {
    // Refuses its data, as the database does that finds them damaged.
    await own.database.single.query(
      `CREATE TRIGGER refuse_poison BEFORE INSERT ON conversation_messages FOR EACH ROW
       IF NEW.content LIKE 'Poison%' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'poison'; END IF`,
    );
    await own.clients.begin(CONVERSATIONS);
  });

  async function admin<T>(method: string, path: string): Promise<T> {
    const response = await fetch(`${own.apis[0]?.url}/api/admin/${path}`, {
      method,
      headers: { authorization: `Bearer ${own.administrator.apiKey}` },
    });
    expect(response.status).toBeLessThan(300);
    return (await response.json()) as T;
  }
  const parked = async () =>
    (await admin<{ items: Parked[] }>('GET', 'parked-conversations?limit=100')).items;
  const savedOf = async (conversationId: string) => {
    const rows: { id: string }[] = await own.database.single.query(
      'SELECT id FROM turns WHERE conversation_id = ?',
      [conversationId],
    );
    return rows.map(({ id }) => id);
  };

  async function poison(index: number): Promise<void> {
    const user = own.clients.userOf(index);
    const id = await own.clients.makeConversation(index);
    await own.clients.say(user, id, 'Before');
    const turn = await own.clients.say(user, id, 'Poison');
    expect(turn.state).toBe('done');
    poisoned.set(id, turn.id ?? '');
    for (let count = 0; count < BEHIND_POISON; count++) await own.clients.say(user, id, 'Behind');
  }

  it('parks its own conversation, while the others go on', { timeout: PARK_MS + 60_000 }, async () => {
    await Promise.all(Array.from({ length: POISONED }, (_, index) => poison(index)));
    await waitUntil('the poisoned ones parked', async () => (await parked()).length >= POISONED, PARK_MS);
    await own.awaitDone(CONVERSATIONS);
    expect(new Map((await parked()).map((item) => [item.conversation_id, item.turn_id]))).toEqual(poisoned);
    for (const id of poisoned.keys()) expect(await savedOf(id)).toHaveLength(1);
    const others = new Set((await own.ledger.findUnsaved(own.database)).map(({ id }) => id));
    await waitUntil('the others saved', async () => {
      const unsaved = await own.ledger.findUnsaved(own.database);
      return unsaved.every(({ id, conversationId }) => poisoned.has(conversationId) || !others.has(id));
    });
  });

  it('is saved in its place when it can be', { timeout: 240_000 }, async () => {
    await own.database.single.query('DROP TRIGGER refuse_poison');
    for (const id of poisoned.keys()) await admin('POST', `parked-conversations/${id}/retry`);
    const counts = await own.expectNothingLost();
    console.info(JSON.stringify(counts));
    expect(counts).toMatchObject({ done: counts.asked, saved: counts.asked });
  });
});

describe('saves that are delivered again and again, to several savers at once', () => {
  let apps: TestApp[];
  beforeAll(async () => {
    const { environment } = own.product;
    apps = [await createTestApp(environment), await createTestApp(environment)];
  });
  afterAll(() => Promise.all(apps.map((app) => app.close())));

  /** Each shard is saved twice at once in this process, besides what the two workers do, who are woken twice. */
  async function saveShardsTwice(): Promise<void> {
    const { signal } = new AbortController();
    await Promise.all(
      apps.flatMap(({ app }) =>
        Array.from({ length: SAVE_SHARDS }, async (_, shard) => {
          await Promise.all([
            app.get(TurnSaver, { strict: false }).saveShard(shard, signal),
            app.get(JobQueue).enqueue(saveTurns, { shard }),
          ]);
        }),
      ),
    );
  }

  it('save each turn once and in order', { timeout: 240_000 + ROUNDS * 60_000 }, async () => {
    await own.clients.begin(CONVERSATIONS);
    const doneBefore = own.ledger.count('done');
    let repeated = 0;
    while (own.ledger.count('done') < doneBefore + TURNS) {
      await saveShardsTwice();
      repeated++;
    }
    const counts = await own.expectNothingLost();
    console.info(JSON.stringify({ ...counts, repeated }));
    expect(repeated).toBeGreaterThan(1);
    expect(counts).toMatchObject({ done: counts.asked, saved: counts.asked });
  });
});
