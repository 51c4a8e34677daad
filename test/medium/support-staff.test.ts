import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { columnsWith, TestErasures } from '../factories/erasures.js';
import { type ChatBody, TestSupport } from '../factories/support.js';
import { createTestApp } from '../factories/test-app.js';
import { bearer, type TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

interface AgentBody {
  user_id: string;
  is_on_duty: boolean;
  can_be_reached: boolean;
  capacity: number;
  active_chats: number;
}

interface QueueBody {
  waiting: number;
  limit: number;
  capacity_on_duty: number;
}

describe('the staff of support', () => {
  let support: TestSupport;
  const settings = { LOCKKEEPER_SUPPORT_QUEUE_LIMIT: '25' };

  beforeAll(async () => {
    support = new TestSupport(await createTestApp(settings));
  });
  beforeEach(() => support.clear());
  afterAll(() => support.close());

  const users = (count: number) => Promise.all(Array.from({ length: count }, () => support.user()));
  const transfer = (actor: TestUser, chatId: string, agentId: string | null) =>
    support.call(actor, 'POST', `support/chats/${chatId}/transfer`, { agent_id: agentId });

  describe('handing over', () => {
    it('moves a chat, its place and the right to write to another agent', async () => {
      const first = await support.agent(2);
      const user = await support.user();
      const chat = await support.open(user);
      const second = await support.agent(1);
      expect((await transfer(first, chat.id, second.id)).body).toMatchObject({
        agent_id: second.id,
        state: 'active',
      });
      expect([await support.load(first), await support.load(second)]).toEqual([0, 1]);
      expect((await support.say(first, chat.id, 'Hello')).status).toBe(404);
      expect((await support.say(second, chat.id, 'Hello')).status).toBe(201);
      const events = (await support.messages(user, chat.id)).map(({ event }) => event);
      expect(events).toEqual(['assigned', 'transferred', null]);
    });

    it('changes nothing if the other agent cannot take it', async () => {
      const first = await support.agent(2);
      const chat = await support.open(await support.user());
      const full = await support.agent(1);
      await support.setDuty(first, false);
      await support.open(await support.user());
      const off = await support.user('agent');
      for (const agent of [full, off]) {
        const answer = await transfer(first, chat.id, agent.id);
        expect([answer.status, answer.body.code]).toEqual([409, 'support_agent_unavailable']);
      }
      expect(await support.chat(first, chat.id)).toMatchObject({ agent_id: first.id, last_sequence: 1 });
      expect([await support.load(first), await support.load(full)]).toEqual([1, 1]);
    });

    it('puts a chat back to the front of the queue, for anybody else', async () => {
      const agent = await support.agent(1);
      const [user, waiting] = await users(2);
      const chat = await support.open(user!);
      const behind = await support.open(waiting!);
      expect((await transfer(agent, chat.id, null)).body).toMatchObject({ state: 'waiting', agent_id: null });
      expect((await support.chat(user!, chat.id)).queue?.position).toBe(1);
      expect(await support.chat(waiting!, behind.id)).toMatchObject({ state: 'active', agent_id: agent.id });
      const other = await support.agent(1);
      expect(await support.chat(user!, chat.id)).toMatchObject({ state: 'active', agent_id: other.id });
    });

    it('leaves the chats of an agent who goes off duty where they are', async () => {
      const agent = await support.agent(2);
      const user = await support.user();
      const chat = await support.open(user);
      await support.setDuty(agent, false);
      expect((await support.say(agent, chat.id, 'Still here')).status).toBe(201);
      expect((await support.open(await support.user())).state).toBe('waiting');
    });
  });

  describe('for operators', () => {
    it('shows queue, agents and chats, and lets them reassign and end, which is written down', async () => {
      const operator = await support.user('operator');
      const agent = await support.agent(1);
      const [user, waiting] = await users(2);
      const chat = await support.open(user!);
      const queued = await support.open(waiting!);
      const queue = await waitUntil('the capacity known', async () => {
        const { body } = await support.call<QueueBody>(operator, 'GET', 'admin/support/queue');
        return body.capacity_on_duty === 1 && body;
      });
      expect(queue).toMatchObject({ waiting: 1, limit: 25 });
      const agents = await support.call<{ items: AgentBody[] }>(operator, 'GET', 'admin/support/agents');
      expect(agents.body.items).toMatchObject([{ user_id: agent.id, active_chats: 1, capacity: 1 }]);
      const list = await support.call<{ items: ChatBody[] }>(
        operator,
        'GET',
        'admin/support/chats?state=waiting',
      );
      expect(list.body.items.map(({ id }) => id)).toEqual([queued.id]);

      await support.messages(operator, chat.id);
      const second = await support.agent(1);
      await support.end(second, queued.id);
      expect((await transfer(operator, chat.id, second.id)).body.agent_id).toBe(second.id);
      expect((await support.end(operator, chat.id)).body).toMatchObject({ end_reason: 'operator' });
      const audit = await support.call<{ items: { action: string }[] }>(
        operator,
        'GET',
        `admin/audit?subject_kind=support_chat&subject_id=${chat.id}`,
      );
      expect(audit.body.items.map(({ action }) => action)).toEqual([
        'support_chat.ended',
        'support_chat.transferred',
        'support_chat.read',
      ]);
    });

    it('pages through all chats', async () => {
      const operator = await support.user('operator');
      const ids: string[] = [];
      for (const user of await users(5)) ids.unshift((await support.open(user)).id);
      const read: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const { body }: { body: { items: ChatBody[]; next_cursor: string | null } } = await support.call(
          operator,
          'GET',
          `admin/support/chats?limit=2${cursor && `&cursor=${cursor}`}`,
        );
        read.push(...body.items.map(({ id }) => id));
        cursor = body.next_cursor;
      }
      expect(read).toEqual(ids);
    });

    it.each(['admin/support/chats', 'admin/support/queue', 'admin/support/agents'])(
      'keeps %s from agents',
      async (path) => {
        expect((await support.call(await support.user('agent'), 'GET', path)).status).toBe(403);
      },
    );

    it('keeps duty from users', async () => {
      const answer = await support.call(await support.user(), 'PUT', 'support/agent', { is_on_duty: true });
      expect([answer.status, answer.body.code]).toEqual([403, 'scope_missing']);
    });
  });

  describe('erasure', () => {
    it('of a user ends the open chat and leaves no text in any table', async () => {
      const marker = `secret${randomUUID().slice(0, 8)}`;
      const agent = await support.agent(2);
      const user = await support.user();
      const chat = await support.open(user);
      await support.say(user, chat.id, `My name is ${marker}`);
      await support.say(agent, chat.id, `Hello ${marker}`);
      await support.end(user, chat.id);
      await support.call(user, 'POST', `support/chats/${chat.id}/rating`, { rating: 5, comment: marker });
      const open = await support.open(user);
      await support.say(user, open.id, marker);
      expect(await columnsWith(support.rows, marker)).not.toEqual([]);

      await erase(user);
      expect(await columnsWith(support.rows, marker)).toEqual([]);
      const rows: { state: string; end_reason: string }[] = await support.rows.single.query(
        'SELECT state, end_reason FROM support_chats WHERE id = ?',
        [open.id],
      );
      expect(rows).toEqual([{ state: 'ended', end_reason: 'erased' }]);
      expect(await support.load(agent)).toBe(0);
    });

    it('of an agent gives the chats at hand to others', async () => {
      const agent = await support.agent(2);
      const user = await support.user();
      const chat = await support.open(user);
      const other = await support.agent(2);
      await erase(agent);
      expect(await support.chat(user, chat.id)).toMatchObject({ state: 'active', agent_id: other.id });
    });

    async function erase(user: TestUser): Promise<void> {
      const answer = await support.test.app.inject({
        method: 'DELETE',
        url: '/api/account',
        headers: bearer(user.accessToken),
        payload: { password: user.password },
      });
      expect(answer.statusCode).toBe(204);
      const erasures = new TestErasures(support.test);
      await waitUntil('the erasure done', async () => {
        await erasures.sweep();
        return (await erasures.of(user.id))?.finished_at;
      });
    }
  });
});
