import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Actor, AuditLog } from '../../src/modules/audit/index.js';
import { Transactions } from '../../src/platform/database/index.js';
import { TestChatter } from '../factories/chat.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, createUser, type TestUser } from '../factories/users.js';

const URL = '/api/admin/audit';

describe('the audit log', () => {
  let test: TestApp;
  let audit: AuditLog;
  let operator: TestUser;
  beforeAll(async () => {
    test = await createTestApp();
    audit = test.app.get(AuditLog, { strict: false });
    operator = await createUser(test, { role: 'operator' });
  });
  afterAll(() => test.close());

  const read = async (query: string, token = operator.apiKey) => {
    const answer = await test.app.inject({ url: `${URL}${query}`, headers: bearer(token) });
    return { status: answer.statusCode, body: answer.json() };
  };
  const event = (actor: Actor, subjectId: string, action = 'conversation.erased' as const) => ({
    actor,
    action,
    subjectKind: 'conversation' as const,
    subjectId,
  });

  it('tells who erased which conversation in which request, and nothing of its content', async () => {
    const chatter = await TestChatter.create(test);
    const { conversationId } = await chatter.say('a secret');
    const requestId = `request-${randomUUID()}`;
    await test.app.inject({
      method: 'DELETE',
      url: `/api/conversations/${conversationId}`,
      headers: { ...chatter.headers, 'x-request-id': requestId },
    });
    const { body } = await read(`?subject_id=${conversationId}`);
    expect(body).toEqual({
      items: [
        {
          id: expect.any(String),
          at: expect.any(String),
          actor_kind: 'user',
          actor_id: chatter.user.id,
          action: 'conversation.erased',
          subject_kind: 'conversation',
          subject_id: conversationId,
          detail: {},
          reason: null,
          request_id: requestId,
        },
      ],
      next_cursor: null,
    });
  });

  it('has an entry if and only if the transaction commits that it is a part of', async () => {
    const transactions = test.app.get(Transactions);
    const [kept, lost] = [randomUUID(), randomUUID()];
    await transactions.run((transaction) => audit.record(event({ kind: 'system' }, kept), transaction));
    const failing = transactions.run(async (transaction) => {
      await audit.record(event({ kind: 'system' }, lost), transaction);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect((await read(`?subject_id=${kept}`)).body.items).toMatchObject([
      { actor_kind: 'system', actor_id: null, request_id: null },
    ]);
    expect((await read(`?subject_id=${lost}`)).body.items).toEqual([]);
  });

  it('takes no e-mail address and no sentence', async () => {
    const subjectId = randomUUID();
    for (const note of ['ada@example.com', 'what she wrote']) {
      await expect(
        audit.record({ ...event({ kind: 'system' }, subjectId), detail: { note } }),
      ).rejects.toThrow();
    }
    expect((await read(`?subject_id=${subjectId}`)).body.items).toEqual([]);
  });

  it('is read by action, actor and subject, page by page, each entry once, the newest first', async () => {
    const [actorId, subjectId] = [randomUUID(), randomUUID()];
    const actor = { kind: 'operator', id: actorId } as const;
    const subjects = Array.from({ length: 7 }, () => randomUUID());
    for (const id of subjects) await audit.record(event(actor, id));
    await audit.record([
      { actor, action: 'user.erased', subjectKind: 'user', subjectId },
      event({ kind: 'user', id: randomUUID() }, subjectId),
    ]);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = `?actor_id=${actorId}&action=conversation.erased&limit=3`;
      const { body }: { body: { items: { subject_id: string }[]; next_cursor: string | null } } = await read(
        cursor === '' ? query : `${query}&cursor=${cursor}`,
      );
      seen.push(...body.items.map((item) => item.subject_id));
      cursor = body.next_cursor;
    }
    expect(seen).toEqual(subjects.toReversed());
    const ofSubject = (await read(`?subject_id=${subjectId}`)).body.items;
    expect(ofSubject.map((item: { action: string }) => item.action).sort()).toEqual([
      'conversation.erased',
      'user.erased',
    ]);
    const ofUsers = (await read(`?actor_id=${actorId}&subject_kind=user`)).body.items;
    expect(ofUsers).toMatchObject([{ subject_id: subjectId }]);
  });

  it('is for operators, and nobody can write, change or delete in it over the API', async () => {
    const user = await createUser(test);
    expect(await read('', user.apiKey)).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
    const [entry] = (await read('?limit=1')).body.items;
    const admin = await createUser(test, { role: 'admin' });
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      for (const url of [URL, `${URL}/${entry.id}`]) {
        const answer = await test.app.inject({ method, url, headers: bearer(admin.apiKey), payload: {} });
        expect(answer.statusCode, `${method} ${url}`).toBe(404);
      }
    }
    expect((await read('?limit=1')).body.items).toEqual([entry]);
  });

  it.each([
    '?limit=0',
    '?limit=101',
    '?cursor=x',
    '?action=Erased',
    '?actor_id=1',
    '?subject_kind=x',
    '?who=1',
  ])('refuses %s', async (query) => {
    expect(await read(query)).toMatchObject({ status: 422, body: { code: 'invalid_request' } });
  });
});
