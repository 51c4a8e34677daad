import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserService } from '../../src/modules/auth/index.js';
import { saveAllTurns, TestChatter } from '../factories/chat.js';
import { TestOperator } from '../factories/operator.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createUser } from '../factories/users.js';

const USERS = '/api/admin/users';
const CONVERSATIONS = '/api/admin/conversations';
const REASON = '用户投诉, TICKET-12';

describe('operators', () => {
  let test: TestApp;
  let operator: TestOperator;
  beforeAll(async () => {
    test = await createTestApp();
    operator = await TestOperator.create(test);
  });
  afterAll(() => test.close());

  async function readAll<T>(url: string): Promise<T[]> {
    const items: T[] = [];
    for (let cursor = ''; ;) {
      const { status, body } = await operator.call({
        url: `${url}${url.includes('?') ? '&' : '?'}limit=3${cursor}`,
      });
      expect(status).toBe(200);
      expect(body.items.length).toBeLessThanOrEqual(3);
      items.push(...body.items);
      if (body.next_cursor === null) return items;
      cursor = `&cursor=${body.next_cursor}`;
    }
  }

  describe('find users', () => {
    const mark = randomUUID().slice(0, 8);
    const add = (email: string) =>
      test.app.get(UserService).createUser({ email, password: randomUUID(), role: 'user' });

    it('by the beginning of their address in any case, page by page', async () => {
      const emails = [];
      for (let n = 0; n < 8; n++) emails.push((await add(`find-${mark}-${n}@example.com`)).email);
      await add(`other-${mark}@example.com`);
      const found = await readAll<{ email: string }>(`${USERS}?q=FIND-${mark}`);
      expect(found.map(({ email }) => email)).toEqual(emails);
      expect(Object.keys(found[0] ?? {}).sort()).toEqual([
        'created_at',
        'email',
        'id',
        'is_disabled',
        'role',
      ]);
    });

    it('by what they wrote, not by patterns in it', async () => {
      await add(`a_${mark}%x@example.com`);
      await add(`ab${mark}yx@example.com`);
      for (const [q, count] of [
        [`a_${mark}`, 1],
        [`a_${mark}%25`, 1],
        ['%25', 0],
        [`%5C_`, 0],
      ] as const) {
        expect((await operator.call({ url: `${USERS}?q=${q}` })).body.items, q).toHaveLength(count);
      }
    });

    it('by id, unless they have been erased', async () => {
      const { id, email } = await createUser(test);
      expect((await operator.call({ url: `${USERS}?q=${id}` })).body.items).toMatchObject([{ id, email }]);
      const admin = await TestOperator.create(test, 'admin');
      await admin.call({ method: 'DELETE', url: `${USERS}/${id}`, payload: { reason: 'user_request' } });
      for (const q of [id, 'erased-', email]) {
        const { body } = await operator.call({ url: `${USERS}?q=${encodeURIComponent(q)}` });
        expect(body.items.map((user: { id: string }) => user.id)).not.toContain(id);
      }
    });

    it('the newest first, if they look for nobody in particular', async () => {
      const all = await readAll<{ id: string }>(USERS);
      const ids = all.map(({ id }) => id);
      expect(ids).toEqual(ids.toSorted((a, b) => (a < b ? 1 : -1)));
      expect(ids).toContain(operator.user.id);
    });
  });

  describe('find conversations', () => {
    it('of a user, the latest active first, and nothing of what was said', async () => {
      const chatter = await TestChatter.create(test);
      const secret = `a secret ${randomUUID()}`;
      const said = [];
      for (let n = 0; n < 5; n++) said.push((await chatter.say(secret)).conversationId);
      await saveAllTurns(test);
      const found = await readAll<{ id: string; user_id: string }>(
        `${CONVERSATIONS}?user_id=${chatter.user.id}`,
      );
      expect(found.map(({ id }) => id).sort()).toEqual(said.sort());
      expect(found.every((item) => item.user_id === chatter.user.id)).toBe(true);
      expect(JSON.stringify(found)).not.toContain('secret');
    });

    it('by an id of one or of a turn in it', async () => {
      const chatter = await TestChatter.create(test);
      const { conversationId, turnId } = await chatter.say('Hello');
      await saveAllTurns(test);
      for (const q of [conversationId, turnId]) {
        const { body } = await operator.call({ url: `${CONVERSATIONS}?q=${q}` });
        expect(body).toMatchObject({ items: [{ id: conversationId, message_count: 2 }], next_cursor: null });
        const ofOther = await operator.call({ url: `${CONVERSATIONS}?q=${q}&user_id=${operator.user.id}` });
        expect(ofOther.body.items).toEqual([]);
      }
      expect((await operator.call({ url: `${CONVERSATIONS}?q=${randomUUID()}` })).body.items).toEqual([]);
      const all = await readAll<{ id: string }>(CONVERSATIONS);
      expect(all.filter(({ id }) => id === conversationId)).toHaveLength(1);
    });
  });

  describe('read a conversation', () => {
    it('with a reason, which is in the audit log for each page, as is who read', async () => {
      const chatter = await TestChatter.create(test);
      const { conversationId } = await chatter.say('What is a lock?');
      await chatter.say('And a sluice?', 'local', conversationId);
      const url = `${CONVERSATIONS}/${conversationId}?limit=3&reason=${encodeURIComponent(REASON)}`;
      const latest = await operator.call({ url });
      expect(latest.body).toMatchObject({ id: conversationId, user_id: chatter.user.id, later_cursor: null });
      expect(latest.body.title).toContain('What is a lock?');
      const earlier = await operator.call({ url: `${url}&cursor=${latest.body.earlier_cursor}` });
      const messages = [...earlier.body.messages, ...latest.body.messages];
      expect(messages).toMatchObject([
        { role: 'user', content: 'What is a lock?' },
        { role: 'assistant' },
        { role: 'user', content: 'And a sluice?' },
        { role: 'assistant' },
      ]);
      for (const { audited } of [latest, earlier]) {
        expect(audited).toEqual([
          {
            actor_kind: 'operator',
            actor_id: operator.user.id,
            action: 'conversation.read',
            subject_kind: 'conversation',
            subject_id: conversationId,
            detail: JSON.stringify({ user_id: chatter.user.id }),
            reason: REASON,
          },
        ]);
      }
      const { body } = await operator.call({ url: `/api/admin/audit?subject_id=${conversationId}` });
      expect(body.items).toMatchObject([
        { action: 'conversation.read', reason: REASON },
        { action: 'conversation.read', reason: REASON },
      ]);
    });

    it('not without one, and not one that is not there', async () => {
      const chatter = await TestChatter.create(test);
      const { conversationId } = await chatter.say('Hello');
      for (const query of [
        '',
        '?reason=',
        '?reason=x',
        '?reason=of%20ada@example.com',
        '?reason=why&what=1',
      ]) {
        const answer = await operator.call({ url: `${CONVERSATIONS}/${conversationId}${query}` });
        expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_request' }, audited: [] });
      }
      for (const id of [randomUUID(), chatter.user.id]) {
        const answer = await operator.call({ url: `${CONVERSATIONS}/${id}?reason=why` });
        expect(answer).toMatchObject({ status: 404, body: { code: 'conversation_not_found' }, audited: [] });
      }
    });
  });

  it('are refused what does not fit', async () => {
    for (const url of [
      `${USERS}?limit=0`,
      `${USERS}?limit=101`,
      `${USERS}?cursor=x`,
      `${USERS}?q=a%20b`,
      `${USERS}?q=${'a'.repeat(255)}`,
      `${CONVERSATIONS}?q=hello`,
      `${CONVERSATIONS}?user_id=1`,
      `${CONVERSATIONS}?cursor=x`,
      `${CONVERSATIONS}?what=1`,
    ]) {
      expect(await operator.call({ url }), url).toMatchObject({
        status: 422,
        body: { code: 'invalid_request' },
      });
    }
  });

  it.each(['user', 'agent'] as const)('alone may do so: a user of role %s may not', async (role) => {
    const { apiKey } = await createUser(test, { role });
    const { conversationId } = await (await TestChatter.create(test)).say('Hello');
    for (const url of [
      USERS,
      CONVERSATIONS,
      `${CONVERSATIONS}/${conversationId}?reason=why`,
      '/api/admin/audit',
    ]) {
      const answer = await operator.call({ url, token: apiKey });
      expect(answer, url).toMatchObject({ status: 403, body: { code: 'scope_missing' }, audited: [] });
      expect((await operator.call({ url, token: '' })).status, url).toBe(401);
    }
  });
});
