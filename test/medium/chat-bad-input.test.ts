import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeyService } from '../../src/modules/auth/index.js';
import { Transactions } from '../../src/platform/database/index.js';
import { TestChatter } from '../factories/chat.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { setClockAhead } from '../factories/test-clock.js';
import { bearer } from '../factories/users.js';

const MODELS = JSON.stringify([{ id: 'tiny', input_price: '1', output_price: '1', context_tokens: 40 }]);
const BODY_LIMIT = 200_000;
const DAY_MS = 86_400_000;

const user = { role: 'user', content: 'Hello' };
const assistant = { role: 'assistant', content: 'Hi' };
const good = { model: 'local', messages: [user] };

/** So deep that code which calls itself for each level would end the request, or the process. */
function nested(levels: number): string {
  return `${'['.repeat(levels)}${']'.repeat(levels)}`;
}

interface Refusal {
  status: number;
  type: string;
  code: string;
  param?: string | null;
}

function invalid(code: string, param: string | null = null): Refusal {
  return { status: 400, type: 'invalid_request_error', code, param };
}

describe('a chat request that is refused', () => {
  let test: TestApp;
  let redis: Redis;
  let chatter: TestChatter;

  beforeAll(async () => {
    test = await createTestApp({
      LOCKKEEPER_MODELS: MODELS,
      LOCKKEEPER_UPSTREAM_URL: 'http://127.0.0.1:9/v1',
      LOCKKEEPER_LOCAL_MODEL: 'on',
      LOCKKEEPER_BODY_LIMIT_BYTES: String(BODY_LIMIT),
    });
    redis = new Redis(test.environment['LOCKKEEPER_REDIS_URL'] ?? '');
    chatter = await TestChatter.create(test);
  });
  afterAll(async () => {
    redis.disconnect();
    await test.close();
  });

  /** How many rows and keys tell of turns and coins. */
  async function stored() {
    const { single } = test.app.get(Transactions);
    const counts: unknown[] = await single.query(
      `SELECT (SELECT COUNT(*) FROM conversations) AS conversations, (SELECT COUNT(*) FROM turns) AS turns,
         (SELECT COUNT(*) FROM conversation_messages) AS messages, (SELECT COUNT(*) FROM coin_holds) AS holds,
         (SELECT COUNT(*) FROM coin_journal) AS journal, (SELECT SUM(frozen) FROM coin_accounts) AS frozen`,
    );
    return { counts, keys: new Set(await redis.keys('*saves*')) };
  }

  async function expectRefused(
    payload: string | object,
    { status, ...error }: Refusal,
    headers: Record<string, string> = {},
  ) {
    const before = await stored();
    const answer = await chatter.post(payload, headers);
    expect(answer.body).toMatchObject({ error: { ...error, message: expect.any(String) } });
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.headers['x-should-retry']).toBe('false');
    expect(await stored()).toEqual(before);
  }

  it.each([
    ['malformed JSON', '{"model": "local", "messages": [', 'malformed_request'],
    ['nothing', '', 'malformed_request'],
    ['a list', '[]', 'invalid_request'],
    ['null', 'null', 'invalid_request'],
    ['a key that would change prototypes', '{"__proto__": {"model": "local"}}', 'malformed_request'],
    ['deeper nesting than anything needs', `{"model": ${nested(20_000)}}`, 'malformed_request'],
  ])('because its body is %s', async (_what, body, code) => {
    await expectRefused(body, invalid(code));
  });

  it.each([
    ['no model', { model: undefined }, 'model'],
    ['a model that is a number', { model: 1 }, 'model'],
    ['messages that are no list', { messages: 'Hello' }, 'messages'],
    ['no messages', { messages: [] }, 'messages'],
    ['too many messages', { messages: Array.from({ length: 2_001 }, () => user) }, 'messages'],
    ['a role that is unknown', { messages: [{ role: 'robot', content: 'x' }] }, 'messages.0.role'],
    ['content that is a number', { messages: [{ role: 'user', content: 1 }] }, 'messages.0.content'],
    ['two answers', { n: 2 }, 'n'],
    ['a stream that is a word', { stream: 'yes' }, 'stream'],
    ['a temperature out of bounds', { temperature: 2.1 }, 'temperature'],
    ['a limit of no token', { max_tokens: 0 }, 'max_tokens'],
    ['a limit that is a fraction', { max_tokens: 1.5 }, 'max_tokens'],
    ['a limit beyond all models', { max_completion_tokens: 1e12 }, 'max_completion_tokens'],
    ['too many tools', { tools: Array.from({ length: 257 }, () => ({ type: 'function' })) }, 'tools'],
  ])('because it has %s', async (_what, change, param) => {
    await expectRefused({ ...good, ...change }, invalid('invalid_request', param));
  });

  it.each([
    ['of the assistant', [user, assistant]],
    ['of the system', [{ role: 'system', content: 'Be nice.' }]],
  ])('because its last message is %s', async (_what, messages) => {
    await expectRefused({ ...good, messages }, invalid('user_message_missing', 'messages'));
  });

  it('because a message carries deeper nesting than anything needs', async () => {
    const body = `{"model":"local","messages":[{"role":"user","content":"x","more":${nested(20_000)}}]}`;
    await expectRefused(body, invalid('malformed_request'));
  });

  it('because its body is too large, of another type, or the messages are longer than the model reads', async () => {
    const tooLarge = { ...good, messages: [{ role: 'user', content: 'x'.repeat(BODY_LIMIT) }] };
    await expectRefused(tooLarge, { status: 413, type: 'invalid_request_error', code: 'body_too_large' });
    await expectRefused(
      'model=local',
      { status: 415, type: 'invalid_request_error', code: 'unsupported_media_type' },
      { 'content-type': 'application/x-www-form-urlencoded' },
    );
    const long = { model: 'tiny', messages: [{ role: 'user', content: 'one two '.repeat(40) }] };
    await expectRefused(long, invalid('context_length_exceeded', 'messages'));
  });

  it('because there is no such model', async () => {
    const notFound = { status: 404, type: 'invalid_request_error', code: 'model_not_found', param: 'model' };
    await expectRefused({ ...good, model: 'gpt-99' }, notFound);
    await expectRefused({ ...good, model: 'local:tokens=x' }, notFound);
  });

  it('because its conversation is none, unknown, or of somebody else', async () => {
    const stranger = await TestChatter.create(test);
    const { conversationId } = await stranger.say('Hello');
    const notFound = { status: 404, type: 'invalid_request_error', code: 'conversation_not_found' };
    for (const id of ['1', "' OR 1=1", randomUUID(), conversationId]) {
      await expectRefused(good, notFound, { 'x-conversation-id': id });
    }
    expect(await stranger.messages(conversationId)).toHaveLength(2);
  });

  it('because there are too few coins', async () => {
    const poor = await TestChatter.create(test, '0.000010');
    const before = await stored();
    const answer = await poor.say('Hello');
    expect(answer).toMatchObject({
      status: 402,
      headers: { 'x-should-retry': 'false' },
      body: { error: { type: 'insufficient_quota', code: 'insufficient_quota' } },
    });
    expect(await stored()).toEqual(before);
    // A shorter answer is within what there is: 8 tokens in, 1 out.
    expect(await poor.say('Hello', 'local', undefined, { max_tokens: 1 })).toMatchObject({ status: 200 });
  });

  describe('because of who asks', () => {
    const unauthenticated = { status: 401, type: 'authentication_error', code: expect.any(String) as string };

    it.each([
      ['nothing', ''],
      ['no bearer token', 'Basic dXNlcjpwYXNz'],
      ['a token that is none', 'Bearer nonsense'],
      ['a key that is none', `Bearer lk_${'a'.repeat(43)}`],
    ])('who presents %s', async (_what, authorization) => {
      await expectRefused(good, unauthenticated, { authorization });
    });

    it('whose key lacks the scope, has expired or was revoked', async () => {
      const keys = test.app.get(ApiKeyService);
      const make = (scopes: ['chat'] | ['conversations:read'], expiresAt?: Date) =>
        keys.createKey(chatter.user.id, { name: 'of a test', scopes, ...(expiresAt ? { expiresAt } : {}) });
      const reader = await make(['conversations:read']);
      const forbidden = { status: 403, type: 'permission_error', code: expect.any(String) as string };
      await expectRefused(good, forbidden, bearer(reader.secret));

      const brief = await make(['chat'], new Date(Date.now() + DAY_MS));
      setClockAhead(test, 2 * DAY_MS);
      await expectRefused(good, unauthenticated, bearer(brief.secret));
      setClockAhead(test, 0);
      await keys.revokeKey(chatter.user.id, brief.key.id);
      await expectRefused(good, unauthenticated, bearer(brief.secret));
    });

    it('whose session has ended', async () => {
      const other = await TestChatter.create(test);
      const token = other.user.accessToken;
      expect((await other.post(good, bearer(token))).status).toBe(200);
      await test.app.inject({ method: 'POST', url: '/api/auth/sign-out', headers: bearer(token) });
      await expectRefused(good, unauthenticated, bearer(token));

      setClockAhead(test, DAY_MS);
      const late = await TestChatter.create(test);
      setClockAhead(test, 3 * DAY_MS);
      await expectRefused(good, unauthenticated, bearer(late.user.accessToken));
      setClockAhead(test, 0);
    });
  });
});
