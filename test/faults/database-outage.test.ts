import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OwnMariadb } from '../factories/own-mariadb.js';
import { OwnProduct } from '../factories/own-product.js';
import type { ClientTurn } from '../factories/turn-ledger.js';
import { waitUntil } from '../factories/wait.js';

const ROUNDS = Number(process.env['TEST_FAULT_ROUNDS'] ?? 1);
const CONVERSATIONS = 40;
/** So long MariaDB is away each time. */
const OUTAGE_MS = ROUNDS > 1 ? 20_000 : 6_000;
/** An answer that begins before the outage and would end in it. */
const LONG_ANSWER = 'local:tokens=60,delay_ms=50';
const LONG_ANSWERS = 20;
/** Conversations in which a new turn is asked for during the outage, and how long before it is asked for again. */
const NEW_TURNS = 10;
const ASK_PAUSE_MS = 500;
/** To be told that it is away takes a fraction of a second; waiting for its return takes longer. */
const LONGEST_REFUSAL_MS = 4_000;

describe('while MySQL is away, the product', () => {
  let mariadb: OwnMariadb;
  let own: OwnProduct;

  beforeAll(async () => {
    mariadb = await OwnMariadb.start();
    own = await OwnProduct.start({ LOCKKEEPER_DATABASE_URL: mariadb.url }, { apis: 1, workers: 1 });
    await own.clients.begin(CONVERSATIONS);
    await own.awaitDone(CONVERSATIONS);
  });
  afterAll(async () => {
    await own?.dispose();
    await mariadb.dispose();
  });

  const makeConversations = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, index) => own.clients.makeConversation(index)));

  /** Turns that run, each in a conversation of its own: with their ends, for which nobody waits yet. */
  async function beginLongAnswers(): Promise<{ turns: ClientTurn[]; ends: Promise<ClientTurn[]> }> {
    const ids = await makeConversations(LONG_ANSWERS);
    const from = own.ledger.turns.length;
    const ends = Promise.all(
      ids.map((id, index) => own.clients.say(own.clients.userOf(index), id, 'A long one', LONG_ANSWER)),
    );
    const turns = () =>
      own.ledger.turns.slice(from).filter(({ conversationId }) => ids.includes(conversationId));
    await waitUntil('long answers begun', () => turns().every(({ pieces }) => pieces.length > 0));
    return { turns: turns(), ends };
  }

  /** Asks for a turn in each of these conversations, one after the other, until an outage has lasted long enough. */
  async function askInVain(ids: readonly string[], struckAt: number): Promise<ClientTurn[]> {
    const asked: ClientTurn[] = [];
    do {
      for (const [index, id] of ids.entries())
        asked.push(await own.clients.say(own.clients.userOf(index), id, 'In vain'));
      await delay(ASK_PAUSE_MS);
    } while (performance.now() - struckAt < OUTAGE_MS);
    return asked;
  }

  it(
    'refuses new turns and brings those that run to their ends when it is back',
    { timeout: 60_000 + ROUNDS * 90_000 },
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const freshIds = await makeConversations(NEW_TURNS);
        const { turns, ends } = await beginLongAnswers();
        const struckAt = performance.now();
        await mariadb.kill();
        const away = await waitUntil('health without MySQL', async () => {
          const health = await own.health();
          return health.body['workers_active'] === null && health;
        });
        expect(away).toMatchObject({ status: 200, body: { status: 'degraded' } });
        expect(away.body['reasons']).toContain('MySQL does not answer.');
        expect((await own.health('/ready')).status).toBe(503);
        expect((await own.health('/live')).status).toBe(200);
        const refused = await askInVain(freshIds, struckAt);
        await mariadb.startAgain();
        const ended = await ends;
        await own.awaitDone(CONVERSATIONS);
        expect(ended.map(({ state, failure }) => state + failure)).toEqual(turns.map(() => 'done'));
        expect(refused.filter(({ status, retryAfter }) => status !== 503 || !retryAfter)).toEqual([]);
        const waits = refused.map(({ endedAtMs, askedAtMs }) => (endedAtMs ?? Infinity) - askedAtMs);
        console.info(
          `${refused.length} turns refused, the slowest after ${Math.round(Math.max(...waits))} ms`,
        );
        expect(Math.max(...waits)).toBeLessThan(LONGEST_REFUSAL_MS);
        await waitUntil('readiness', async () => (await own.health('/ready')).status === 200);
        expect((await own.health()).body['status']).not.toBe('error');
      }
    },
  );

  it('has lost, doubled and reordered nothing, and no turn was cut', { timeout: 240_000 }, async () => {
    const counts = await own.expectNothingLost();
    console.info(JSON.stringify(counts));
    expect(counts).toMatchObject({ broken: 0, interrupted: 0, done: counts.accepted });
  });
});
