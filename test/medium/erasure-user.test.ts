import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReconciliationService } from '../../src/modules/coin-account/index.js';
import { TestChatter } from '../factories/chat.js';
import { columnsWith, keysWith, TestErasures } from '../factories/erasures.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestWorker } from '../factories/test-worker.js';
import { TestTurns } from '../factories/turns.js';
import { bearer, createUser, type TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

describe('the erasure of a user', () => {
  let test: TestApp;
  /** Another process of the same installation, which remembers who calls. */
  let neighbour: TestApp;
  let turns: TestTurns;
  let erasures: TestErasures;
  let admin: TestUser;
  beforeAll(async () => {
    test = await createTestApp({ LOCKKEEPER_PRINCIPAL_CACHE_MS: '60000' });
    neighbour = await createTestApp(test.environment);
    await test.app.listen(0, '127.0.0.1');
    turns = new TestTurns(test);
    erasures = new TestErasures(test);
    admin = await createUser(test, { role: 'admin' });
  });
  afterAll(async () => {
    await turns.close();
    await neighbour.close();
    await test.close();
  });

  const call = async (
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    url: string,
    token?: string,
    payload?: object,
  ) => {
    const headers = token === undefined ? {} : bearer(token);
    const answer = await test.app.inject({ method, url, headers, ...(payload && { payload }) });
    return { status: answer.statusCode, body: answer.body === '' ? undefined : answer.json() };
  };
  const eraseOwn = (user: TestUser, password = user.password) =>
    call('DELETE', '/api/account', user.accessToken, { password });
  const eraseOther = (id: string, payload: object = { reason: 'user_request' }, by = admin) =>
    call('DELETE', `/api/admin/users/${id}`, by.accessToken, payload);
  const signIn = ({ email, password }: TestUser) =>
    call('POST', '/api/auth/sign-in', undefined, { email, password });
  const auditOf = async (subjectId: string) =>
    (await call('GET', `/api/admin/audit?subject_id=${subjectId}`, admin.accessToken)).body.items;
  const journalOf = (userId: string) =>
    turns.transactions.single.query('SELECT * FROM coin_journal WHERE account_id = ? ORDER BY sequence', [
      userId,
    ]);
  const credentialsOf = async (userId: string): Promise<number> => {
    const rows: { n: string }[] = await turns.transactions.single.query(
      `SELECT (SELECT COUNT(*) FROM sessions WHERE user_id = ?) + (SELECT COUNT(*) FROM api_keys WHERE owner_id = ?)
            + (SELECT COUNT(*) FROM refresh_tokens WHERE session_id NOT IN (SELECT id FROM sessions)) AS n`,
      [userId, userId],
    );
    return Number(rows[0]?.n);
  };

  /** Someone with saved and unsaved conversations, a title, attachments, and a key that bears a name. */
  async function busyUser(marker: string): Promise<TestChatter> {
    const chatter = await TestChatter.create(test);
    const { conversationId } = await chatter.say(`${marker} one`);
    const parts = [
      { type: 'text', text: `${marker} two` },
      { type: 'image_url', image_url: { url: `data:${marker}` } },
    ];
    await chatter.post({ model: 'local', messages: [{ role: 'user', content: parts }] });
    await turns.saveAll();
    await chatter.say(`${marker} three`, 'local', conversationId);
    await call('PATCH', `/api/conversations/${conversationId}`, chatter.user.accessToken, { title: marker });
    await call('POST', '/api/api-keys', chatter.user.accessToken, { name: marker, scopes: ['chat'] });
    return chatter;
  }

  it('leaves his e-mail address and what he wrote in no table and no key, and the books as they were', async () => {
    const marker = `marker-${randomUUID()}`;
    const chatter = await busyUser(marker);
    const { user } = chatter;
    const otherMarker = `marker-${randomUUID()}`;
    const other = await busyUser(otherMarker);
    expect(await columnsWith(turns.transactions, marker)).toEqual(
      expect.arrayContaining([
        'api_keys.name',
        'conversation_messages.content',
        'conversation_messages.extra',
        'conversations.title',
      ]),
    );
    expect(await columnsWith(turns.transactions, user.email)).toEqual(['users.email']);
    const journal = await journalOf(user.id);

    expect((await eraseOwn(user)).status).toBe(204);
    await erasures.sweep();
    expect(await erasures.of(user.id)).toMatchObject({ kind: 'user', finished_at: expect.any(Date) });
    expect(await columnsWith(turns.transactions, marker)).toEqual([]);
    expect(await keysWith(turns.redis, marker)).toEqual([]);
    expect(await columnsWith(turns.transactions, otherMarker)).toHaveLength(4);
    expect(await columnsWith(turns.transactions, user.email)).toEqual([]);
    expect(await keysWith(turns.redis, user.email)).toEqual([]);
    expect(await credentialsOf(user.id)).toBe(0);
    expect(await journalOf(user.id)).toEqual(journal);
    await turns.saveAll();
    expect(await test.app.get(ReconciliationService).reconcile()).toMatchObject({ isClean: true });
    expect((await chatter.books()).account.frozen).toBe(0n);
    expect(await other.get(`/api/conversations`)).toMatchObject({ items: [{}, {}] });
    expect(await credentialsOf(other.user.id)).toBeGreaterThan(0);
  });

  it('counts at once in every process, for tokens and keys that are remembered there', async () => {
    const user = await createUser(test);
    const ask = async (app: TestApp, token: string) =>
      (await app.app.inject({ url: '/api/conversations', headers: bearer(token) })).statusCode;
    for (const token of [user.accessToken, user.apiKey]) {
      expect(await ask(neighbour, token)).toBe(200);
      expect(await ask(test, token)).toBe(200);
    }
    expect((await eraseOwn(user)).status).toBe(204);
    for (const token of [user.accessToken, user.apiKey]) {
      expect(await ask(neighbour, token)).toBe(401);
      expect(await ask(test, token)).toBe(401);
    }
    const refreshed = await call('POST', '/api/auth/refresh', undefined, {
      refresh_token: user.refreshToken,
    });
    expect(refreshed).toMatchObject({ status: 401, body: { code: 'refresh_token_invalid' } });
    expect(await signIn(user)).toMatchObject({ status: 401, body: { code: 'credentials_invalid' } });
  });

  it('frees the address for a new account, which has nothing of the old one', async () => {
    const user = await createUser(test);
    expect((await eraseOther(user.id)).status).toBe(204);
    const { email, password } = user;
    const made = await call('POST', '/api/users', admin.accessToken, { email, password });
    expect(made).toMatchObject({ status: 201, body: { email } });
    expect(made.body.id).not.toBe(user.id);
    await erasures.sweep();
    const session = await signIn(user);
    expect(session.status).toBe(200);
    const keys = await call('GET', '/api/api-keys', session.body.access_token);
    expect(keys.body.items).toEqual([]);
  });

  it('leaves a row that nobody can bring back to life', async () => {
    const user = await createUser(test);
    await eraseOther(user.id);
    const rows: unknown[] = await turns.transactions.single.query('SELECT * FROM users WHERE id = ?', [
      user.id,
    ]);
    expect(rows).toMatchObject([
      {
        email: `erased-${user.id}`,
        password_hash: '',
        role: 'user',
        is_disabled: 1,
        erased_at: expect.any(Date),
      },
    ]);
    const enabled = await call('PATCH', `/api/users/${user.id}`, admin.accessToken, { is_disabled: false });
    expect(enabled).toMatchObject({ status: 404, body: { code: 'user_not_found' } });
    expect(await eraseOther(user.id)).toMatchObject({ status: 404, body: { code: 'user_not_found' } });
    expect(await eraseOther(randomUUID())).toMatchObject({ status: 404, body: { code: 'user_not_found' } });
  });

  it('lets his running turns end, charged as usual, and leaves nothing of them', async () => {
    const marker = `marker-${randomUUID()}`;
    const chatter = await TestChatter.create(test);
    const stream = await chatter.stream(marker, 'local:tokens=8,delay_ms=600');
    await stream.until('"content":"');
    expect((await eraseOwn(chatter.user)).status).toBe(204);
    await erasures.sweep();
    expect((await erasures.of(chatter.user.id))?.finished_at, 'while the turn runs').toBeNull();
    expect((await stream.rest()).at(-1)).toBe('[DONE]');
    await turns.saveAll();
    await erasures.sweep();
    expect((await erasures.of(chatter.user.id))?.finished_at).toBeInstanceOf(Date);
    expect(await columnsWith(turns.transactions, marker)).toEqual([]);
    expect(await keysWith(turns.redis, marker)).toEqual([]);
    const { account, holds } = await chatter.books();
    expect(account.frozen).toBe(0n);
    expect(holds).toMatchObject([{ id: stream.turnId, status: 'settled' }]);
    expect(await test.app.get(ReconciliationService).reconcile()).toMatchObject({ isClean: true });
  });

  it('finds what a request that was under way has made after it', async () => {
    const user = await createUser(test);
    await eraseOther(user.id);
    await erasures.sweepOnce();
    expect((await erasures.of(user.id))?.finished_at, 'too early to be sure').toBeNull();
    const late = await turns.conversation(undefined, user.id);
    await turns.finishedTurn(late, { owner_id: user.id });
    await turns.saveAll();
    await erasures.sweep();
    expect((await erasures.of(user.id))?.finished_at).toBeInstanceOf(Date);
    expect(await columnsWith(turns.transactions, late)).toEqual([
      'audit_log.subject_id',
      'erased_conversations.id',
      'erasures.subject_id',
    ]);
  });

  it('goes through more conversations than one page, each written down, and is taken up after a crash', async () => {
    const user = await createUser(test);
    const now = new Date();
    const rows = Array.from({ length: 120 }, () => [randomUUID(), user.id, 'x', now, now]);
    await turns.transactions.single.query(
      'INSERT INTO conversations (id, owner_id, title, created_at, last_activity_at) VALUES ?',
      [rows],
    );
    await eraseOther(user.id);
    // The API took no part in that; here a whole worker does it by itself.
    const worker = await createTestWorker(test.environment);
    const unfinished = async () => {
      const [row]: { n: string }[] = await turns.transactions.single.query(
        `SELECT COUNT(*) AS n FROM erasures WHERE owner_id = ? AND kind = 'conversation' AND finished_at IS NOT NULL`,
        [user.id],
      );
      return Number(row?.n) === 120;
    };
    try {
      await waitUntil('all conversations are erased', unfinished);
    } finally {
      await worker.close();
    }
    expect(await credentialsOf(user.id)).toBe(0);
    await erasures.sweep();
    expect((await erasures.of(user.id))?.finished_at).toBeInstanceOf(Date);
    const audited: { n: string }[] = await turns.transactions.single.query(
      `SELECT COUNT(*) AS n FROM audit_log WHERE action = 'conversation.erased' AND actor_kind = 'operator'
          AND actor_id = ? AND detail = ?`,
      [admin.id, '{"with_user":true}'],
    );
    expect(Number(audited[0]?.n)).toBeGreaterThanOrEqual(120);
  });

  it('is audited with its reason, its beginning and its end', async () => {
    const user = await createUser(test);
    expect((await eraseOther(user.id, { reason: 'legal', reference: 'CASE-7/2027' })).status).toBe(204);
    await erasures.sweep();
    expect(await auditOf(user.id)).toMatchObject([
      { action: 'user.erasure_finished', actor_kind: 'system', actor_id: null },
      {
        action: 'user.erased',
        actor_kind: 'operator',
        actor_id: admin.id,
        subject_kind: 'user',
        detail: { reason: 'legal', reference: 'CASE-7/2027' },
        request_id: expect.any(String),
      },
    ]);
    const own = await createUser(test);
    await eraseOwn(own);
    expect(await auditOf(own.id)).toMatchObject([
      { action: 'user.erased', actor_kind: 'user', actor_id: own.id },
    ]);
  });

  it('asks for the password, a session and a reason; without them nothing happens', async () => {
    const user = await createUser(test);
    const wrong = await eraseOwn(user, 'not the password');
    expect(wrong).toMatchObject({ status: 403, body: { code: 'current_password_wrong', param: 'password' } });
    expect(await call('DELETE', '/api/account', user.accessToken)).toMatchObject({ status: 422 });
    const byKey = await call('DELETE', '/api/account', user.apiKey, { password: user.password });
    expect(byKey).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
    const operator = await createUser(test, { role: 'operator' });
    expect((await eraseOther(user.id, { reason: 'legal' }, operator)).status).toBe(403);
    for (const body of [{}, { reason: 'because' }, { reason: 'other', reference: user.email }]) {
      expect(await eraseOther(user.id, body)).toMatchObject({
        status: 422,
        body: { code: 'invalid_request' },
      });
    }
    expect((await signIn(user)).status).toBe(200);
    expect(await erasures.of(user.id)).toBeUndefined();
    expect(await auditOf(user.id)).toEqual([]);
  });

  it('is refused to the last administrator, also when two erase each other at once', async () => {
    const installation = await createTestApp();
    try {
      const first = await createUser(installation, { role: 'admin' });
      const erase = (by: TestUser, id: string) =>
        installation.app.inject({
          method: 'DELETE',
          url: `/api/admin/users/${id}`,
          headers: bearer(by.accessToken),
          payload: { reason: 'other' },
        });
      const own = await installation.app.inject({
        method: 'DELETE',
        url: '/api/account',
        headers: bearer(first.accessToken),
        payload: { password: first.password },
      });
      expect([own.statusCode, own.json().code]).toEqual([409, 'last_administrator']);
      expect((await erase(first, first.id)).statusCode).toBe(409);
      const second = await createUser(installation, { role: 'admin' });
      const answers = await Promise.all([erase(first, second.id), erase(second, first.id)]);
      const statuses = answers.map((answer) => answer.statusCode).sort((a, b) => a - b);
      expect(statuses[0]).toBe(204);
      // The other finds himself the last, or erased already.
      expect([401, 409]).toContain(statuses[1]);
    } finally {
      await installation.close();
    }
  });
});
