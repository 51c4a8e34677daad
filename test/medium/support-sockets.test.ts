import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Drain } from '../../src/platform/http/index.js';
import { RedisBreaker } from '../../src/platform/redis/index.js';
import { type ChatBody, type MessageBody, type SupportClient, TestSupport } from '../factories/support.js';
import { createTcpProxy, type TcpProxy } from '../factories/tcp-proxy.js';
import { createTestApp } from '../factories/test-app.js';
import { createTestRedis } from '../factories/test-redis.js';
import { type TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const SETTINGS = {
  LOCKKEEPER_REDIS_COMMAND_TIMEOUT_MS: '500',
  LOCKKEEPER_SUPPORT_MESSAGES_PER_MINUTE: '200',
};

describe('support chats over socket.io', () => {
  let redisUrl: string;
  /** Two API processes of one installation, each with a way of its own to Redis. */
  let here: TestSupport;
  let there: TestSupport;
  let ways: TcpProxy[];

  beforeAll(async () => {
    redisUrl = await createTestRedis();
    ways = [await createTcpProxy(redisUrl), await createTcpProxy(redisUrl)];
    const first = await createTestApp({ ...SETTINGS, LOCKKEEPER_REDIS_URL: ways[0]!.url });
    const second = await createTestApp({
      ...SETTINGS,
      LOCKKEEPER_REDIS_URL: ways[1]!.url,
      LOCKKEEPER_DATABASE_URL: first.environment['LOCKKEEPER_DATABASE_URL'] ?? '',
    });
    here = await TestSupport.listen(first);
    there = await TestSupport.listen(second);
  });
  beforeEach(() => here.clear());
  afterAll(async () => {
    await there.close();
    await here.close();
    await Promise.all(ways.map((way) => way.cut()));
  });

  /** A chat whose user is connected to one process and whose agent to the other. */
  async function beginChat(): Promise<{
    user: TestUser;
    agent: TestUser;
    chat: ChatBody;
    ofUser: SupportClient;
    ofAgent: SupportClient;
  }> {
    const agent = await here.agent(3);
    const user = await here.user();
    const [ofUser, ofAgent] = [await here.connect(user), await there.connect(agent)];
    const chat = await here.open(user);
    await Promise.all([ofUser.hears('assigned'), ofAgent.hears('assigned')]);
    return { user, agent, chat, ofUser, ofAgent };
  }

  describe('a chat across two processes', () => {
    it('is held, each message being heard once by both sides and acknowledged with its sequence', async () => {
      const { chat, ofUser, ofAgent } = await beginChat();
      expect(ofAgent.payloads<{ chat: ChatBody }>('assigned')).toMatchObject([{ chat: { id: chat.id } }]);
      const said = ['My picture does not load.', 'Which one?', 'The one of the beach 🏖️'];
      for (const [index, text] of said.entries()) {
        const speaker = index === 1 ? ofAgent : ofUser;
        expect(await speaker.say(chat.id, text)).toMatchObject({
          ok: true,
          message: { sequence: index + 2, content: text },
        });
      }
      const expected = ['An agent has joined the chat.', ...said];
      await Promise.all([ofUser.hears('message', 4), ofAgent.hears('message', 4)]);
      expect(ofUser.texts()).toEqual(expected);
      expect(ofAgent.texts()).toEqual(expected);
    });

    it('tells the other side, and not oneself, that somebody types', async () => {
      const { chat, user, ofUser, ofAgent } = await beginChat();
      expect(await ofUser.ask('typing', { chat_id: chat.id, is_typing: true })).toEqual({ ok: true });
      await ofAgent.hears('typing');
      expect(ofAgent.payloads('typing')).toEqual([{ chat_id: chat.id, user_id: user.id, is_typing: true }]);
      expect(ofUser.payloads('typing')).toEqual([]);
    });

    it('tells of messages that were sent over HTTP, and of the end', async () => {
      const { chat, user, agent, ofUser, ofAgent } = await beginChat();
      await there.say(agent, chat.id, 'By HTTP');
      await ofUser.hears('message', 2);
      await here.end(user, chat.id);
      await Promise.all([ofUser.hears('ended'), ofAgent.hears('ended')]);
      expect(ofAgent.payloads<{ chat: ChatBody }>('ended')).toMatchObject([
        { chat: { state: 'ended', end_reason: 'user' }, message: { event: 'ended', sequence: 3 } },
      ]);
      expect(await ofAgent.say(chat.id, 'Too late')).toMatchObject({
        ok: false,
        error: { code: 'support_chat_ended' },
      });
    });

    it('gives a client that comes back what was said meanwhile', async () => {
      const { chat, user, ofUser, ofAgent } = await beginChat();
      ofUser.close();
      for (const text of ['one', 'two', 'three']) await ofAgent.say(chat.id, text);
      const back = await there.connect(user);
      const joined = await back.ask('join', { chat_id: chat.id, after: 2 });
      expect(joined.messages?.map(({ content }) => content)).toEqual(['two', 'three']);
      expect(joined).toMatchObject({ ok: true, has_more: false, chat: { id: chat.id, last_sequence: 4 } });
    });

    it('tells who waits the place in the queue', async () => {
      const [first, second] = [await here.user(), await here.user()];
      const client = await there.connect(second);
      const chat = await here.open(first);
      const waiting = await here.open(second);
      await client.hears('queue_position');
      await here.end(first, chat.id);
      const places = () => client.payloads<{ chat_id: string; position: number }>('queue_position');
      await waitUntil('the first place', () => places().at(-1)?.position === 1);
      expect(places()[0]).toMatchObject({ chat_id: waiting.id, position: 2 });
    });

    it('tells an agent who has handed a chat over no more of it', async () => {
      const { chat, agent, ofUser, ofAgent } = await beginChat();
      const other = await here.agent(3);
      const ofOther = await here.connect(other);
      await here.call(agent, 'POST', `support/chats/${chat.id}/transfer`, { agent_id: other.id });
      await Promise.all([ofAgent.hears('taken_away'), ofOther.hears('transferred')]);
      await ofUser.say(chat.id, 'For the new one');
      await ofOther.hears('message', 2);
      // The old agent is the least loaded one now. What is told in order, it hears in order.
      await here.open(await here.user());
      await ofAgent.hears('assigned', 2);
      expect(ofAgent.texts()).not.toContain('For the new one');
      expect(await ofAgent.say(chat.id, 'Hello')).toMatchObject({
        ok: false,
        error: { code: 'support_chat_not_found' },
      });
    });
  });

  describe('who may listen', () => {
    it('are the two sides, and operators who join, which is written down', async () => {
      const { chat, ofUser } = await beginChat();
      const [stranger, operator] = [await here.user(), await here.user('operator')];
      const [ofStranger, ofOperator] = [await here.connect(stranger), await there.connect(operator)];
      for (const [event, payload] of [
        ['join', { chat_id: chat.id }],
        ['typing', { chat_id: chat.id, is_typing: true }],
        ['message', { chat_id: chat.id, client_message_id: 'a', content: 'Hello' }],
      ] as const) {
        expect(await ofStranger.ask(event, payload)).toMatchObject({
          ok: false,
          error: { code: 'support_chat_not_found' },
        });
      }
      expect((await ofOperator.ask('join', { chat_id: chat.id })).messages).toHaveLength(1);
      await ofUser.say(chat.id, 'Can you hear me?');
      await ofOperator.hears('message');
      expect(ofStranger.heard).toEqual([]);
      await ofOperator.ask('leave', { chat_id: chat.id });
      await ofUser.say(chat.id, 'And now?');
      await ofUser.hears('message', 3);
      expect(ofOperator.texts()).toEqual(['Can you hear me?']);
      const audit = await here.call<{ items: object[] }>(
        operator,
        'GET',
        `admin/audit?action=support_chat.read&subject_id=${chat.id}`,
      );
      expect(audit.body.items).toMatchObject([{ actor_id: operator.id }]);
    });

    it.each([
      ['a text that is no object', 'Hello'],
      ['no chat', { client_message_id: 'a', content: 'Hello' }],
      ['a chat that is no id', { chat_id: '1', client_message_id: 'a', content: 'Hello' }],
      ['an unknown field', { chat_id: randomUUID(), client_message_id: 'a', content: 'Hello', admin: true }],
    ])('is told what is wrong with %s', async (_name, payload) => {
      const client = await here.connect(await here.user());
      expect(await client.ask('message', payload as object)).toMatchObject({
        ok: false,
        error: { code: 'invalid_request' },
      });
    });
  });

  it('refuses events beyond what a connection may send', async () => {
    const { chat, ofUser } = await beginChat();
    const answers = await Promise.all(
      Array.from({ length: 210 }, () => ofUser.ask('typing', { chat_id: chat.id, is_typing: true })),
    );
    const refused = answers.filter(({ ok }) => !ok);
    expect(refused).toHaveLength(10);
    expect(refused[0]?.error).toMatchObject({
      code: 'rate_limited',
      retry_after_seconds: expect.any(Number),
    });
  });

  it('ends a connection that sends more at once than any event has', async () => {
    const { chat, ofUser } = await beginChat();
    ofUser.socket.emit('message', { chat_id: chat.id, client_message_id: 'a', content: 'x'.repeat(70_000) });
    await waitUntil('the end', () => !ofUser.socket.connected);
  });

  it('keeps what is told from process to process in Redis for a moment only', async () => {
    const redis = new Redis(redisUrl);
    const { chat, ofUser } = await beginChat();
    await ofUser.say(chat.id, 'Hello');
    expect(await redis.xlen('lockkeeper:sockets')).toBeGreaterThan(0);
    // As if the events were a minute old.
    const entries = await redis.xrange('lockkeeper:sockets', '-', '+');
    await redis.del('lockkeeper:sockets');
    for (const [index, [, fields]] of entries.entries()) {
      await redis.xadd('lockkeeper:sockets', `${Date.now() - 60_000}-${index + 1}`, ...fields);
    }
    await waitUntil('no events', async () => (await redis.xlen('lockkeeper:sockets')) === 0);
    redis.disconnect();
  });

  describe('while Redis is away', () => {
    it('stores messages, tells them in the same process, and loses none', async () => {
      const { chat, user, ofUser, ofAgent } = await beginChat();
      const second = await here.connect(user);
      await ways[0]!.cut();
      const breaker = here.test.app.get(RedisBreaker);
      await waitUntil('the outage known', () => breaker.isOpen);
      try {
        expect(await ofUser.say(chat.id, 'Anybody there?')).toMatchObject({
          ok: true,
          message: { sequence: 2 },
        });
        await second.hears('message', 1);
        expect(second.texts()).toContain('Anybody there?');
        // The other process does not hear of it, but finds it.
        const joined = await ofAgent.ask('join', { chat_id: chat.id, after: 1 });
        expect(joined.messages).toMatchObject([{ sequence: 2, content: 'Anybody there?' }]);
        // And it can be connected to, by whoever was known before.
        expect((await here.connect(await there.user())).socket.connected).toBe(true);
      } finally {
        await ways[0]!.restore();
      }
      await waitUntil('Redis back', () => !breaker.isOpen);
      await ofUser.hears('resync');
      await waitUntil('messages across processes again', async () => {
        await ofAgent.say(chat.id, 'I am');
        return ofUser.texts().includes('I am');
      });
      const stored: MessageBody[] = await here.messages(user, chat.id);
      expect(stored.map(({ sequence }) => sequence)).toEqual(stored.map((_, index) => index + 1));
    });
  });

  describe('a process that stops', () => {
    it('closes connections in time, and clients go on at another one', async () => {
      const { chat, user, ofUser, ofAgent } = await beginChat();
      const stopping = await TestSupport.listen(
        await createTestApp({
          ...SETTINGS,
          LOCKKEEPER_REDIS_URL: redisUrl,
          LOCKKEEPER_DATABASE_URL: here.test.environment['LOCKKEEPER_DATABASE_URL'] ?? '',
        }),
      );
      const client = await stopping.connect(user);
      const reasons: string[] = [];
      client.socket.on('disconnect', (reason) => reasons.push(reason));
      const url = new URL(await stopping.test.app.getUrl());
      const startedMs = performance.now();
      const fastify = stopping.test.app.getHttpAdapter().getInstance();
      await stopping.test.app.get(Drain).drain(fastify, 8_000);
      await stopping.test.close();
      expect(performance.now() - startedMs).toBeLessThan(10_000);
      await waitUntil('the end of the connection', () => reasons.length === 1);
      // Not `io server disconnect`, after which clients do not connect again by themselves.
      expect(reasons[0]).toMatch(/transport (close|error)/);
      await expect(
        new Promise((resolve, reject) => request(url, resolve).on('error', reject).end()),
      ).rejects.toThrow(/ECONNREFUSED/);
      await ofAgent.say(chat.id, 'Still with you');
      await waitUntil('the message', () => ofUser.texts().includes('Still with you'));
    });
  });
});
