import type { INestApplicationContext, Type } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AgentRepository } from '../../src/modules/support/agent.repository.js';
import { ChatBatchRepository } from '../../src/modules/support/chat-batch.repository.js';
import { RetentionRepository } from '../../src/modules/support/retention.repository.js';
import { AutoEndTimeoutChats } from '../../src/modules/support/tasks/auto-end-timeout-chats.handler.js';
import { CleanupLongInactiveChats } from '../../src/modules/support/tasks/cleanup-long-inactive-chats.handler.js';
import { ProcessCustomerServiceQueue } from '../../src/modules/support/tasks/process-customer-service-queue.handler.js';
import { SendTimeoutWarnings } from '../../src/modules/support/tasks/send-timeout-warnings.handler.js';
import type { PeriodicTaskHandler, TaskOutcome } from '../../src/platform/schedule/index.js';
import { newId } from '../../src/shared/ids.js';
import { type ChatBody, TestSupport } from '../factories/support.js';
import { createTestApp } from '../factories/test-app.js';
import { pauseSchedules } from '../factories/paused-schedules.js';
import { createTestWorker } from '../factories/test-worker.js';
import type { TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const IDLE_MINUTES = 5;
const GRACE_MINUTES = 2;
/** More than one batch. */
const MANY = 250;

describe('the periodic tasks of support', () => {
  let support: TestSupport;
  let workers: INestApplicationContext[];

  beforeAll(async () => {
    const test = await createTestApp({
      LOCKKEEPER_SUPPORT_IDLE_BEFORE_WARNING_MS: String(IDLE_MINUTES * 60_000),
      LOCKKEEPER_SUPPORT_IDLE_AFTER_WARNING_MS: String(GRACE_MINUTES * 60_000),
      LOCKKEEPER_SUPPORT_MAX_WAIT_MS: String(60 * 60_000),
      LOCKKEEPER_SUPPORT_ARCHIVE_AFTER_DAYS: '30',
      LOCKKEEPER_SUPPORT_ERASE_TEXTS_AFTER_DAYS: '90',
    });
    support = await TestSupport.listen(test);
    await pauseSchedules(test.environment);
    workers = [await createTestWorker(test.environment), await createTestWorker(test.environment)];
  });
  beforeEach(() => support.clear());
  afterAll(async () => {
    for (const worker of workers) await worker.close();
    await support.close();
  });

  const run = (
    handler: Type<PeriodicTaskHandler>,
    { worker = 0, signal = new AbortController().signal } = {},
  ): Promise<TaskOutcome> =>
    workers[worker]!.get(handler, { strict: false }).run({ dueAt: new Date(), attempt: 1, signal });
  const runOnBoth = (handler: Type<PeriodicTaskHandler>) =>
    Promise.all([run(handler), run(handler, { worker: 1 })]);

  /** Sets the times of chats back. */
  const age = (minutes: number, column: string, chatId?: string) =>
    support.rows.single.query(
      `UPDATE support_chats SET ${column} = ${column} - INTERVAL ? MINUTE ${chatId ? 'WHERE id = ?' : ''}`,
      [minutes, ...(chatId ? [chatId] : [])],
    );

  const count = async (condition: string, table = 'support_chats'): Promise<number> => {
    const rows: { n: string }[] = await support.rows.single.query(
      `SELECT COUNT(*) AS n FROM ${table} WHERE ${condition}`,
    );
    return Number(rows[0]?.n);
  };

  /** Chats of nobody in particular, as SQL has them; those of an agent count for it. */
  async function fill(rows: number, state: string, agentId: string | null = null): Promise<void> {
    const values = Array.from({ length: rows }, () => {
      const [id, userId] = [newId(), newId()];
      return [id, userId, state === 'waiting' || state === 'active' ? userId : null, state, agentId];
    });
    await support.rows.single.query(
      'INSERT INTO support_chats (id, user_id, open_user_id, state, agent_id, opened_at, last_activity_at) VALUES ' +
        values.map(() => '(?, ?, ?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))').join(', '),
      values.flat(),
    );
    await support.rows.single.query(
      'UPDATE support_agents SET active_chats = active_chats + ? WHERE user_id = ?',
      [rows, agentId],
    );
  }

  async function activeChat(): Promise<{ agent: TestUser; user: TestUser; chat: ChatBody }> {
    const agent = await support.agent(3);
    const user = await support.user();
    return { agent, user, chat: await support.open(user) };
  }

  describe('process-customer-service-queue', () => {
    it('assigns what was left to it, once and never above capacity, with two processes at it', async () => {
      const agents = [await support.agent(100), await support.agent(60)];
      await fill(200, 'waiting');
      const outcomes = await runOnBoth(ProcessCustomerServiceQueue);
      expect(outcomes.reduce((sum, { assigned }) => sum + (assigned ?? 0), 0)).toBe(160);
      expect([await support.load(agents[0]!), await support.load(agents[1]!)]).toEqual([100, 60]);
      expect(await count(`agent_id = '${agents[0]!.id}'`)).toBe(100);
      expect(await count(`event = 'assigned'`, 'support_messages')).toBe(160);
      // The oldest ones first.
      const rows: { newest_assigned: string; oldest_waiting: string }[] = await support.rows.single.query(
        `SELECT MAX(IF(state = 'active', number, NULL)) AS newest_assigned,
                MIN(IF(state = 'waiting', number, NULL)) AS oldest_waiting FROM support_chats`,
      );
      expect(Number(rows[0]?.newest_assigned)).toBeLessThan(Number(rows[0]?.oldest_waiting));
      expect(await run(ProcessCustomerServiceQueue)).toEqual({ assigned: 0, waiting: 40 });
    });

    it('gives no chat to an agent who was free when it looked, and has been given another since', async () => {
      const { agent, user } = await activeChat();
      await support.setDuty(agent, true, 1);
      await fill(1, 'waiting');
      const agents = workers[0]!.get(AgentRepository, { strict: false });
      const free = { userId: agent.id, activeChats: 0, capacity: 1 };
      const listing = vi.spyOn(agents, 'listFree').mockResolvedValueOnce([free]);
      const looking = vi.spyOn(agents, 'findFree').mockResolvedValueOnce(agent.id);
      expect(await run(ProcessCustomerServiceQueue)).toEqual({ assigned: 0, waiting: 1 });
      // It found the place taken, looked for somebody, found it taken again, and looked once more.
      expect(looking.mock.calls.length).toBe(2);
      listing.mockRestore();
      looking.mockRestore();
      expect(await support.load(agent)).toBe(1);
      expect(await count(`agent_id = '${agent.id}'`)).toBe(1);
      expect(await count(`user_id = '${user.id}' AND state = 'active'`)).toBe(1);
    });

    it('finds agents who have come back without saying so', async () => {
      const { user, chat, agent } = await activeChat();
      await support.end(user, chat.id);
      await support.rows.single.query('UPDATE support_agents SET seen_at = seen_at - INTERVAL 1 HOUR');
      const waiting = await support.open(user);
      expect(waiting.state).toBe('waiting');
      expect(await run(ProcessCustomerServiceQueue)).toEqual({ assigned: 0, waiting: 1 });
      await waitUntil('the agent seen', async () => {
        await support.call(agent, 'GET', 'support/agent');
        return (await run(ProcessCustomerServiceQueue)).assigned === 1;
      });
      expect(await support.chat(user, waiting.id)).toMatchObject({ state: 'active', agent_id: agent.id });
    });

    it('does nothing once it is told to stop', async () => {
      await support.agent(3);
      await fill(5, 'waiting');
      expect(await run(ProcessCustomerServiceQueue, { signal: AbortSignal.abort() })).toEqual({
        assigned: 0,
        waiting: 0,
      });
    });
  });

  describe('send-timeout-warnings', () => {
    it('warns both sides, over all processes, once for each idle time', async () => {
      const { agent, user, chat } = await activeChat();
      const [ofUser, ofAgent] = [await support.connect(user), await support.connect(agent)];
      await age(IDLE_MINUTES - 1, 'last_activity_at');
      expect(await run(SendTimeoutWarnings)).toEqual({ warned: 0 });
      await age(2, 'last_activity_at');
      expect(await run(SendTimeoutWarnings)).toEqual({ warned: 1 });
      expect(await run(SendTimeoutWarnings)).toEqual({ warned: 0 });
      await Promise.all([ofUser.hears('warned'), ofAgent.hears('warned')]);
      expect((await support.messages(user, chat.id)).map(({ event }) => event)).toEqual([
        'assigned',
        'warned',
      ]);

      // Whoever writes begins another idle time.
      await support.say(user, chat.id, 'I am here');
      expect((await support.chat(user, chat.id)).warned_at).toBeNull();
      await age(IDLE_MINUTES + 1, 'last_activity_at');
      expect(await run(SendTimeoutWarnings)).toEqual({ warned: 1 });
      expect(await support.messages(user, chat.id)).toMatchObject([
        {},
        { event: 'warned' },
        {},
        { event: 'warned', sequence: 4 },
      ]);
    });

    it('warns once each in many chats, with two processes at it', async () => {
      const agent = await support.agent(3);
      await fill(MANY, 'active', agent.id);
      await age(IDLE_MINUTES + 1, 'last_activity_at');
      const outcomes = await runOnBoth(SendTimeoutWarnings);
      expect(outcomes.reduce((sum, { warned }) => sum + (warned ?? 0), 0)).toBe(MANY);
      expect(await count(`event = 'warned' AND sequence = 1`, 'support_messages')).toBe(MANY);
    });

    it('goes on where a run has failed', async () => {
      await fill(MANY, 'active');
      await age(IDLE_MINUTES + 1, 'last_activity_at');
      const repository = workers[0]!.get(ChatBatchRepository, { strict: false });
      const warn = repository.warn.bind(repository);
      const failing = vi
        .spyOn(repository, 'warn')
        .mockImplementationOnce(warn)
        .mockRejectedValueOnce(new Error('broken'));
      await expect(run(SendTimeoutWarnings)).rejects.toThrow('broken');
      failing.mockRestore();
      expect(await count('warned_at IS NOT NULL')).toBe(100);
      expect(await run(SendTimeoutWarnings)).toEqual({ warned: MANY - 100 });
      expect(await count(`event = 'warned'`, 'support_messages')).toBe(MANY);
    });
  });

  describe('auto-end-timeout-chats', () => {
    it('ends a chat when the time after the warning is over, and frees the agent for who waits', async () => {
      const agent = await support.agent(1);
      const [user, next] = [await support.user(), await support.user()];
      const chat = await support.open(user);
      const waiting = await support.open(next);
      const ofUser = await support.connect(user);
      await age(IDLE_MINUTES + 1, 'last_activity_at', chat.id);
      await run(SendTimeoutWarnings);
      await age(GRACE_MINUTES - 1, 'warned_at');
      expect(await run(AutoEndTimeoutChats)).toEqual({ ended: 0, unanswered: 0 });
      await age(2, 'warned_at');
      expect(await run(AutoEndTimeoutChats)).toEqual({ ended: 1, unanswered: 0 });
      expect(await support.chat(user, chat.id)).toMatchObject({ state: 'ended', end_reason: 'timeout' });
      expect(await support.chat(next, waiting.id)).toMatchObject({ state: 'active', agent_id: agent.id });
      expect(await support.load(agent)).toBe(1);
      await ofUser.hears('ended');
      expect((await support.open(user)).state).toBe('waiting');
    });

    it('never ends a chat without a warning, however long it was idle', async () => {
      const { user, chat } = await activeChat();
      await age(24 * 60, 'last_activity_at');
      expect(await run(AutoEndTimeoutChats)).toEqual({ ended: 0, unanswered: 0 });
      await run(SendTimeoutWarnings);
      expect(await run(AutoEndTimeoutChats)).toEqual({ ended: 0, unanswered: 0 });
      expect((await support.chat(user, chat.id)).state).toBe('active');
    });

    it('ends who has waited too long as unanswered', async () => {
      const user = await support.user();
      const chat = await support.open(user);
      await age(61, 'opened_at');
      expect(await run(AutoEndTimeoutChats)).toEqual({ ended: 0, unanswered: 1 });
      expect(await support.chat(user, chat.id)).toMatchObject({ state: 'ended', end_reason: 'unanswered' });
    });

    it('ends each chat and frees each place once, with two processes at it, and after a failure', async () => {
      const agents = [await support.agent(3), await support.agent(3)];
      for (const agent of agents) await fill(MANY / 2, 'active', agent.id);
      await fill(5, 'active', agents[0]!.id);
      await support.rows.single.query('UPDATE support_chats SET warned_at = UTC_TIMESTAMP(3)');
      await age(GRACE_MINUTES + 1, 'warned_at');
      await support.rows.single.query(
        'UPDATE support_chats SET warned_at = NULL ORDER BY number DESC LIMIT 5',
      );
      const repository = workers[0]!.get(ChatBatchRepository, { strict: false });
      const endOver = repository.endOver.bind(repository);
      const failing = vi
        .spyOn(repository, 'endOver')
        .mockImplementationOnce(endOver)
        .mockRejectedValueOnce(new Error('broken'));
      await expect(run(AutoEndTimeoutChats)).rejects.toThrow('broken');
      failing.mockRestore();
      await runOnBoth(AutoEndTimeoutChats);
      expect(await count(`state = 'ended' AND end_reason = 'timeout'`)).toBe(MANY);
      expect(await count(`event = 'ended'`, 'support_messages')).toBe(MANY);
      expect([await support.load(agents[0]!), await support.load(agents[1]!)]).toEqual([5, 0]);
    });
  });

  describe('cleanup-long-inactive-chats', () => {
    const endedDaysAgo = async (days: number): Promise<{ user: TestUser; chat: ChatBody }> => {
      const user = await support.user();
      const chat = await support.open(user);
      await support.say(user, chat.id, `Said ${days} days ago`);
      await support.end(user, chat.id);
      await support.call(user, 'POST', `support/chats/${chat.id}/rating`, { rating: 3, comment: 'So so' });
      await age(days * 24 * 60, 'ended_at', chat.id);
      return { user, chat };
    };

    it('archives chats and later erases their texts, by two retentions', async () => {
      const [recent, old, oldest] = [await endedDaysAgo(29), await endedDaysAgo(31), await endedDaysAgo(91)];
      expect(await run(CleanupLongInactiveChats)).toEqual({ archived: 2, texts_erased: 1 });
      const states = await Promise.all(
        [recent, old, oldest].map(({ user, chat }) => support.chat(user, chat.id)),
      );
      expect(states.map(({ state }) => state)).toEqual(['ended', 'archived', 'archived']);
      expect((await support.messages(old.user, old.chat.id))[0]?.content).toBe('Said 31 days ago');
      expect(await support.messages(oldest.user, oldest.chat.id)).toMatchObject([
        { sequence: 1, sender: 'user', content: null, client_message_id: null },
        { sequence: 2, event: 'ended', content: null },
      ]);
      expect(await count('rating_comment IS NULL AND rating = 3')).toBe(1);
      expect(await run(CleanupLongInactiveChats)).toEqual({ archived: 0, texts_erased: 0 });
    });

    it('erases all texts though a run has failed, with two processes at it', async () => {
      await fill(MANY, 'ended');
      await support.rows.single.query(
        'UPDATE support_chats SET ended_at = UTC_TIMESTAMP(3) - INTERVAL 91 DAY',
      );
      for (const sequence of [1, 2]) {
        await support.rows.single.query(
          `INSERT INTO support_messages (chat_id, sequence, sender, content, created_at)
           SELECT id, ?, 'user', 'a text', UTC_TIMESTAMP(3) FROM support_chats`,
          [sequence],
        );
      }
      const repository = workers[0]!.get(RetentionRepository, { strict: false });
      const failing = vi.spyOn(repository, 'markErased').mockRejectedValueOnce(new Error('broken'));
      await expect(run(CleanupLongInactiveChats)).rejects.toThrow('broken');
      failing.mockRestore();
      const outcomes = await runOnBoth(CleanupLongInactiveChats);
      expect(outcomes.reduce((sum, outcome) => sum + (outcome['texts_erased'] ?? 0), 0)).toBe(MANY);
      expect(await count('content IS NOT NULL', 'support_messages')).toBe(0);
      expect(await count(`state = 'archived' AND texts_erased_at IS NOT NULL`)).toBe(MANY);
    });
  });
});

it('limits how many messages a chat has, and how many a user sends in a minute', async () => {
  const support = new TestSupport(
    await createTestApp({
      LOCKKEEPER_SUPPORT_MAX_MESSAGES: '10',
      LOCKKEEPER_SUPPORT_MESSAGES_PER_MINUTE: '12',
    }),
  );
  const user = await support.user();
  const chat = await support.open(user);
  for (let n = 1; n <= 10; n++) expect((await support.say(user, chat.id, `Text ${n}`)).status).toBe(201);
  const full = await support.say(user, chat.id, 'One more');
  expect(full).toMatchObject({
    status: 409,
    body: { code: 'support_message_limit_reached', details: { limit: 10 } },
  });
  await support.say(user, chat.id, 'One more');
  const fast = await support.say(user, chat.id, 'One more');
  expect([fast.status, fast.body.code]).toEqual([429, 'support_message_rate_exceeded']);
  // The system can say what it has to.
  await support.end(user, chat.id);
  expect((await support.messages(user, chat.id)).at(-1)).toMatchObject({ sequence: 11, event: 'ended' });
  await support.close();
});
