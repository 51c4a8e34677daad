import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TurnKeeper } from '../../src/modules/conversation/index.js';
import { Transactions } from '../../src/platform/database/index.js';
import { saveAllTurns, savedTurn, TestChatter } from '../factories/chat.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { waitUntil } from '../factories/wait.js';

/** Without a look at the books, which are in motion. */
function holdsOf(test: TestApp, chatter: TestChatter): Promise<{ id: string }[]> {
  const { single } = test.app.get(Transactions);
  return single.query('SELECT id FROM coin_holds WHERE account_id = ?', [chatter.user.id]);
}

describe('a repeated request', () => {
  let here: TestApp;
  let there: TestApp;
  beforeAll(async () => {
    here = await createTestApp();
    there = await createTestApp(here.environment);
  });
  afterAll(async () => {
    await there.close();
    await here.close();
  });

  const body = (content = 'go', model = 'local:tokens=10,delay_ms=10') => ({
    model,
    messages: [{ role: 'user', content }],
  });

  it('with the same key gets the same turn, running or finished or saved, and is charged once', async () => {
    const chatter = await TestChatter.create(here);
    const headers = { 'idempotency-key': randomUUID() };
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, n) => chatter.at(n % 2 ? there : here).post(body(), headers)),
    );
    answers.push(await chatter.at(there).post(body(), headers));
    await saveAllTurns(here);
    answers.push(await chatter.post(body(), { 'idempotency-key': `"${headers['idempotency-key']}"` }));
    const [first] = answers;
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 200,
        turnId: first?.turnId,
        conversationId: first?.conversationId,
      });
      expect(answer.body).toEqual(first?.body);
    }
    expect((await chatter.books()).holds).toHaveLength(1);
    expect(await chatter.messages(first?.conversationId ?? '')).toHaveLength(2);
  });

  it('with the same key is refused if it asks for something else', async () => {
    const chatter = await TestChatter.create(here);
    const headers = { 'idempotency-key': randomUUID() };
    const first = await chatter.post(body('go'), headers);
    const refused = { status: 400, body: { error: { code: 'turn_key_reused' } } };
    expect(await chatter.post(body('stop'), headers)).toMatchObject(refused);
    const elsewhere = { ...headers, 'x-conversation-id': first.conversationId };
    expect(await chatter.post(body('go'), elsewhere)).toMatchObject(refused);
    await saveAllTurns(here);
    expect(await chatter.post(body('stop'), headers)).toMatchObject(refused);
    const other = await TestChatter.create(here);
    expect((await other.post(body('stop'), headers)).status).toBe(200);
  });

  it.each(['', '"open', 'k'.repeat(600)])('with a key that is none (%j) is refused', async (key) => {
    const chatter = await TestChatter.create(here);
    expect([400, 422]).toContain((await chatter.post(body(), { 'idempotency-key': key })).status);
  });

  it('of an SDK that tries again gets the turn of the first try, and is charged once', async () => {
    const chatter = await TestChatter.create(here);
    const first = chatter.post(body(), { 'x-stainless-retry-count': '0' });
    // An SDK waits for half a second before it tries again.
    await waitUntil('the first try', async () => (await holdsOf(here, chatter)).length === 1);
    const again = await chatter.at(there).post(body(), { 'x-stainless-retry-count': '1' });
    expect(again.turnId).toBe((await first).turnId);
    expect(again.body).toEqual((await first).body);
    const later = await chatter.post(body(), { 'x-stainless-retry-count': '2' });
    expect(later.turnId).toBe(again.turnId);
    const fresh = await chatter.post(body(), { 'x-stainless-retry-count': '0' });
    expect(fresh.turnId).not.toBe(again.turnId);
    const different = await chatter.post(body('more'), { 'x-stainless-retry-count': '1' });
    expect(different.turnId).not.toBe(again.turnId);
    expect((await chatter.books()).holds).toHaveLength(3);
  });

  it('of an SDK runs anew when the first try failed', async () => {
    const chatter = await TestChatter.create(here);
    const failing = body('go', 'local:fail_after=0');
    const first = await chatter.post(failing, { 'x-stainless-retry-count': '0' });
    expect(first.status).toBe(502);
    const again = await chatter.post(failing, { 'x-stainless-retry-count': '1' });
    expect(again.turnId).not.toBe(first.turnId);
  });

  it('with a key whose turn was held for and never began is refused', async () => {
    const chatter = await TestChatter.create(here);
    const key = randomUUID();
    const keeper = here.app.get(TurnKeeper, { strict: false });
    vi.spyOn(keeper, 'start').mockRejectedValueOnce(new Error('The database is away.'));
    expect((await chatter.post(body(), { 'idempotency-key': key })).status).toBe(503);
    expect(await chatter.post(body(), { 'idempotency-key': key })).toMatchObject({
      status: 409,
      body: { error: { code: 'turn_key_spent' } },
    });
    expect((await chatter.post(body(), { 'idempotency-key': randomUUID() })).status).toBe(200);
  });

  it('with a key whose turn failed gets its failure again', async () => {
    const chatter = await TestChatter.create(here);
    const headers = { 'idempotency-key': randomUUID() };
    const failing = body('go', 'local:tokens=5,fail_after=2');
    const first = await chatter.post(failing, headers);
    expect(first).toMatchObject({ status: 502, body: { error: { code: 'provider_failed' } } });
    expect(await chatter.post(failing, headers)).toMatchObject({
      status: 502,
      body: { error: { code: 'provider_failed' } },
    });
    expect((await chatter.books()).holds).toHaveLength(1);
    expect(await savedTurn(here, first.turnId)).toBeUndefined();
  });
});
