import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ChatAssigner } from '../../src/modules/support/chat-assigner.js';
import { type ChatBody, type MessageBody, TestSupport } from '../factories/support.js';
import { createTestApp } from '../factories/test-app.js';
import { type TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

interface AgentBody {
  user_id: string;
  is_on_duty: boolean;
  can_be_reached: boolean;
  capacity: number;
  active_chats: number;
}

describe('support chats', () => {
  let support: TestSupport;
  const settings = { LOCKKEEPER_SUPPORT_QUEUE_LIMIT: '25' };

  beforeAll(async () => {
    support = new TestSupport(await createTestApp(settings));
  });
  beforeEach(() => support.clear());
  afterAll(() => support.close());

  const users = (count: number) => Promise.all(Array.from({ length: count }, () => support.user()));

  describe('the queue', () => {
    it('keeps users in the order in which they came, with their places', async () => {
      const [first, second] = await users(2);
      const one = await support.open(first!);
      expect(one).toMatchObject({ state: 'waiting', agent_id: null });
      expect(one.queue).toEqual({ position: 1, estimated_wait_seconds: null });
      const two = await support.open(second!);
      expect(two.queue?.position).toBe(2);
      await support.end(first!, one.id);
      expect((await support.chat(second!, two.id)).queue?.position).toBe(1);
    });

    it('gives a user one open chat at a time, however many are asked for at once', async () => {
      const user = await support.user();
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => support.call(user, 'POST', 'support/chats')),
      );
      const [opened, ...others] = answers.filter(({ status }) => status === 201);
      expect(others).toEqual([]);
      for (const { status, body } of answers.filter((answer) => answer.status !== 201)) {
        expect(status).toBe(409);
        expect(body).toMatchObject({ code: 'support_chat_open', details: { chat_id: opened?.body.id } });
      }
      await support.end(user, opened?.body.id ?? '');
      expect((await support.open(user)).state).toBe('waiting');
    });

    it('refuses who would be one too many', async () => {
      for (const user of await users(25)) await support.open(user);
      const answer = await support.call(await support.user(), 'POST', 'support/chats');
      expect(answer.status).toBe(503);
      expect(answer.body).toMatchObject({ code: 'support_queue_full', details: { limit: 25 } });
    });

    it('estimates the wait from how long the latest chats took and who is on duty', async () => {
      await support.agent(2);
      const [before, busy, other, waiting] = await users(4);
      const ended = await support.open(before!);
      await support.end(before!, ended.id);
      await support.rows.single.query(
        'UPDATE support_chats SET assigned_at = ended_at - INTERVAL 600 SECOND WHERE id = ?',
        [ended.id],
      );
      await support.open(busy!);
      await support.open(other!);
      const chat = await support.open(waiting!);
      // 600 s a chat, two at once.
      await waitUntil('an estimate of 300 s', async () => {
        const { queue } = await support.chat(waiting!, chat.id);
        return queue?.position === 1 && queue.estimated_wait_seconds === 300;
      });
    });
  });

  describe('assignment', () => {
    it('comes at once to who asks while an agent is free', async () => {
      const agent = await support.agent(1);
      const [user, next] = await users(2);
      const chat = await support.open(user!);
      expect(chat).toMatchObject({ state: 'active', agent_id: agent.id, queue: null });
      expect(await support.messages(user!, chat.id)).toMatchObject([{ sequence: 1, event: 'assigned' }]);
      const waiting = await support.open(next!);
      expect(waiting.state).toBe('waiting');
      await support.end(agent, chat.id);
      expect(await support.chat(next!, waiting.id)).toMatchObject({ state: 'active', agent_id: agent.id });
    });

    it('goes to the oldest chats first when an agent comes on duty', async () => {
      const asking = await users(4);
      const chats: ChatBody[] = [];
      for (const user of asking) chats.push(await support.open(user));
      const agent = await support.agent(2);
      const states = await Promise.all(chats.map(({ id }, index) => support.chat(asking[index]!, id)));
      expect(states.map(({ state }) => state)).toEqual(['active', 'active', 'waiting', 'waiting']);
      expect(await support.load(agent)).toBe(2);
    });

    it('takes the least loaded agent', async () => {
      const [one, other] = [await support.agent(5), await support.agent(5)];
      for (const user of await users(4)) await support.open(user);
      expect([await support.load(one), await support.load(other)]).toEqual([2, 2]);
    });

    it('never exceeds the capacity, with 20 who ask at once and two processes that assign', async () => {
      const neighbour = await createTestApp({
        ...settings,
        LOCKKEEPER_DATABASE_URL: support.test.environment['LOCKKEEPER_DATABASE_URL'] ?? '',
        LOCKKEEPER_REDIS_URL: support.test.environment['LOCKKEEPER_REDIS_URL'] ?? '',
      });
      const agents = [await support.agent(3), await support.agent(4)];
      const asking = await users(20);
      await Promise.all([
        ...asking.map((user) => support.open(user)),
        ...[support.test, neighbour].map(({ app }) =>
          app.get(ChatAssigner, { strict: false }).assignWaiting(),
        ),
      ]);
      await neighbour.app.get(ChatAssigner, { strict: false }).assignWaiting();
      await neighbour.close();
      const counts: { agent_id: string | null; n: string }[] = await support.rows.single.query(
        'SELECT agent_id, COUNT(*) AS n FROM support_chats GROUP BY agent_id',
      );
      const countOf = (id: string | null) => Number(counts.find(({ agent_id }) => agent_id === id)?.n);
      expect([countOf(agents[0]!.id), countOf(agents[1]!.id), countOf(null)]).toEqual([3, 4, 13]);
      expect([await support.load(agents[0]!), await support.load(agents[1]!)]).toEqual([3, 4]);
      // Each was told so once.
      const told: { n: string }[] = await support.rows.single.query(
        `SELECT COUNT(*) AS n FROM support_messages WHERE event = 'assigned'`,
      );
      expect(Number(told[0]?.n)).toBe(7);
    });

    it('passes over agents off duty, and those who have not been heard of for a while', async () => {
      const [off, away] = [await support.agent(3), await support.agent(3)];
      await support.setDuty(off, false);
      await support.rows.single.query(
        'UPDATE support_agents SET seen_at = seen_at - INTERVAL 1 HOUR WHERE user_id = ?',
        [away.id],
      );
      const user = await support.user();
      expect((await support.open(user)).state).toBe('waiting');
      const operator = await support.user('operator');
      const { body } = await support.call<{ items: AgentBody[] }>(operator, 'GET', 'admin/support/agents');
      expect(body.items).toHaveLength(2);
      expect(body.items.map(({ can_be_reached }) => can_be_reached)).toEqual([false, false]);
    });

    it('does not give agents their own chats', async () => {
      const agent = await support.agent(3);
      expect((await support.open(agent)).state).toBe('waiting');
    });
  });

  describe('messages', () => {
    let user: TestUser;
    let agent: TestUser;
    let chat: ChatBody;

    beforeEach(async () => {
      agent = await support.agent(3);
      user = await support.user();
      chat = await support.open(user);
    });

    it('are numbered without gaps, and read by both sides', async () => {
      expect((await support.say(user, chat.id, 'My picture does not load.')).body.sequence).toBe(2);
      expect((await support.say(agent, chat.id, 'Which one?')).body.sequence).toBe(3);
      for (const reader of [user, agent]) {
        expect(await support.messages(reader, chat.id)).toMatchObject([
          { sequence: 1, sender: 'system', event: 'assigned' },
          { sequence: 2, sender: 'user', sender_id: user.id, content: 'My picture does not load.' },
          { sequence: 3, sender: 'agent', sender_id: agent.id, content: 'Which one?' },
        ]);
      }
    });

    it('are stored once, however often and at once they are sent', async () => {
      const id = randomUUID();
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => support.say(user, chat.id, 'Hello', id)),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(201));
      expect(new Set(answers.map(({ body }) => body.sequence))).toEqual(new Set([2]));
      const other = await support.say(user, chat.id, 'Something else', id);
      expect([other.status, other.body.code]).toEqual([409, 'support_message_id_reused']);
      await support.end(user, chat.id);
      expect((await support.say(user, chat.id, 'Hello', id)).body.sequence).toBe(2);
      expect((await support.messages(user, chat.id)).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    });

    it('are numbered one by one when both sides write at once', async () => {
      await Promise.all(
        Array.from({ length: 20 }, (_, n) => support.say(n % 2 ? user : agent, chat.id, `Text ${n}`)),
      );
      const items = await support.messages(user, chat.id);
      expect(items.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 21 }, (_, n) => n + 1));
    });

    it('are paged from the latest to the first and back', async () => {
      for (let n = 0; n < 6; n++) await support.say(user, chat.id, `Text ${n}`);
      const page = async (query: string) =>
        (
          await support.call<{ items: MessageBody[]; earlier_cursor: string; later_cursor: string }>(
            user,
            'GET',
            `support/chats/${chat.id}/messages?limit=3${query}`,
          )
        ).body;
      const latest = await page('');
      expect(latest.items.map(({ sequence }) => sequence)).toEqual([5, 6, 7]);
      expect(latest.later_cursor).toBeNull();
      const earlier = await page(`&cursor=${latest.earlier_cursor}`);
      expect(earlier.items.map(({ sequence }) => sequence)).toEqual([2, 3, 4]);
      const first = await page(`&cursor=${earlier.earlier_cursor}`);
      expect(first.items.map(({ sequence }) => sequence)).toEqual([1]);
      expect(first.earlier_cursor).toBeNull();
      const back = await page(`&cursor=${first.later_cursor}`);
      expect(back.items.map(({ sequence }) => sequence)).toEqual([2, 3, 4]);
      expect((await page('&after=6')).items.map(({ sequence }) => sequence)).toEqual([7]);
    });

    it.each([
      ['no text', { content: '  ' }, 'content'],
      ['too long a text', { content: 'x'.repeat(4_001) }, 'content'],
      ['a client message id with spaces', { client_message_id: 'a b' }, 'client_message_id'],
    ])('are refused with %s', async (_name, change, param) => {
      const payload = { client_message_id: 'a', content: 'Hello', ...change };
      const answer = await support.call(user, 'POST', `support/chats/${chat.id}/messages`, payload);
      expect(answer.status).toBe(422);
      expect(answer.body).toMatchObject({ code: 'invalid_request', param });
    });

    it('are for nobody else to read or write', async () => {
      const [stranger, otherAgent] = [await support.user(), await support.user('agent')];
      for (const caller of [stranger, otherAgent]) {
        for (const answer of [
          await support.say(caller, chat.id, 'Hello'),
          await support.call(caller, 'GET', `support/chats/${chat.id}/messages`),
          await support.call(caller, 'GET', `support/chats/${chat.id}`),
          await support.end(caller, chat.id),
        ]) {
          expect([answer.status, answer.body.code]).toEqual([404, 'support_chat_not_found']);
        }
      }
    });

    it('end with the chat', async () => {
      expect((await support.end(user, chat.id)).body).toMatchObject({ state: 'ended', end_reason: 'user' });
      const answer = await support.say(agent, chat.id, 'Wait');
      expect([answer.status, answer.body.code]).toEqual([409, 'support_chat_ended']);
      const again = await support.end(agent, chat.id);
      expect([again.status, again.body.code]).toEqual([409, 'support_chat_ended']);
      expect(await support.load(agent)).toBe(0);
    });
  });

  it('is rated once, after its end, by its user', async () => {
    const agent = await support.agent(1);
    const user = await support.user();
    const chat = await support.open(user);
    const rate = (caller: TestUser, payload: object) =>
      support.call(caller, 'POST', `support/chats/${chat.id}/rating`, payload);
    expect((await rate(user, { rating: 5 })).body.code).toBe('support_chat_not_ended');
    await support.end(agent, chat.id);
    expect((await rate(agent, { rating: 5 })).status).toBe(404);
    expect((await rate(user, { rating: 6 })).status).toBe(422);
    const answers = await Promise.all([
      rate(user, { rating: 4, comment: 'Good' }),
      rate(user, { rating: 4 }),
    ]);
    expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 409]);
    expect((await rate(user, { rating: 1 })).body.code).toBe('support_chat_rated');
    expect((await support.chat(user, chat.id)).rating).toBe(4);
  });
});
