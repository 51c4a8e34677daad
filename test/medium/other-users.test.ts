import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OpenAPIObject } from '@nestjs/swagger';
import { type Belongings, createBelongings, PRIVATE_TEXT } from '../factories/belongings.js';
import { TestChatter } from '../factories/chat.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, type TestUser } from '../factories/users.js';

/** A request for what is somebody's. */
interface Case {
  /** What the parameters of the path stand for. */
  readonly of: Readonly<Record<string, keyof Belongings>>;
  readonly payload?: object;
  readonly query?: string;
  /** Who may make it, if not the owner. */
  readonly by?: 'expert';
}

const conversation: Case = { of: { id: 'conversation' } };
const turn: Case = { of: { id: 'conversation', turn_id: 'turn' } };
const errand: Case = { of: { id: 'errand' } };
const task: Case = { of: { id: 'task' } };
const file: Case = { of: { id: 'file' } };
const collection: Case = { of: { id: 'collection' } };
const member: Case = { of: { id: 'collection', file_id: 'file' } };
const support: Case = { of: { id: 'supportChat' } };
const memory: Case = { of: { agent: 'agent', key: 'memory' } };
const entity: Case = { of: { id: 'entity' } };

/** Routes below which something is one user's: nobody else is told as much as that it is there. */
const OWNED: Readonly<Record<string, Case>> = {
  'GET /api/conversations/{id}': conversation,
  'PATCH /api/conversations/{id}': { ...conversation, payload: { title: 'mine now' } },
  'GET /api/conversations/{id}/messages': conversation,
  'GET /api/conversations/{id}/collections': conversation,
  'PUT /api/conversations/{id}/collections': { ...conversation, payload: { collection_ids: [] } },
  'GET /api/conversations/{id}/export': conversation,
  'GET /api/conversations/{id}/branches': conversation,
  'PUT /api/conversations/{id}/active-branch': { ...conversation, payload: { branch: 0 } },
  'GET /api/conversations/{id}/turns/{turn_id}': turn,
  'POST /api/conversations/{id}/turns/{turn_id}/stop': turn,
  'GET /api/conversations/{id}/turns/{turn_id}/stream': turn,
  'GET /v1/chat/completions/{completion_id}': { of: { completion_id: 'completion' } },
  'GET /v1/chat/completions/{completion_id}/messages': { of: { completion_id: 'completion' } },
  'POST /api/marketplace/tasks/{id}/deliver': { ...errand, payload: { delivery: 'Done.' }, by: 'expert' },
  'POST /api/marketplace/tasks/{id}/confirm': errand,
  'POST /api/marketplace/tasks/{id}/dispute': { ...errand, payload: { reason: 'It is not done.' } },
  'POST /api/marketplace/tasks/{id}/cancel': errand,
  'GET /api/marketplace/tasks/{id}': errand,
  'GET /api/tasks/{id}': task,
  'GET /api/tasks/{id}/result': task,
  'POST /api/tasks/{id}/requeue': task,
  'POST /api/tasks/{id}/cancel': task,
  'GET /api/tasks/flows/{id}': { of: { id: 'taskFlow' } },
  'POST /api/invitations/codes/{id}/disable': { of: { id: 'invitationCode' } },
  'GET /api/support/chats/{id}': support,
  'GET /api/support/chats/{id}/messages': { ...support, query: '?after=0' },
  'POST /api/support/chats/{id}/messages': {
    ...support,
    payload: { client_message_id: randomUUID(), content: 'hello' },
  },
  'POST /api/support/chats/{id}/end': support,
  'POST /api/support/chats/{id}/rating': { ...support, payload: { rating: 5 } },
  'GET /api/graph/entities/{id}': entity,
  'GET /api/graph/entities/{id}/mentions': entity,
  'GET /api/graph/entities/{id}/neighbourhood': entity,
  'GET /api/graph/relations/{id}/mentions': { of: { id: 'relation' } },
  'GET /api/files/{id}': file,
  'GET /api/files/{id}/content': file,
  'GET /api/files/{id}/chunks': file,
  'GET /api/files/{id}/collections': file,
  'GET /api/files/{id}/graph': file,
  'GET /api/files/{id}/progress': file,
  'GET /api/files/{id}/progress/stream': file,
  'POST /api/files/{id}/process': file,
  'POST /api/files/{id}/vectorize': file,
  'POST /api/files/{id}/extract-graph': file,
  'GET /api/collections/{id}': collection,
  'PATCH /api/collections/{id}': { ...collection, payload: { name: 'mine now' } },
  'GET /api/collections/{id}/files': collection,
  'PUT /api/collections/{id}/files/{file_id}': member,
  'DELETE /api/collections/{id}/files/{file_id}': member,
  'DELETE /api/collections/{id}': collection,
  'DELETE /api/files/{id}': file,
  'DELETE /api/conversations/{id}': conversation,
  'DELETE /api/api-keys/{id}': { of: { id: 'apiKey' } },
};

/** Routes whose name is the caller's own: that of somebody else means nothing, and gives nothing. */
const BY_CALLER: Readonly<Record<string, Case>> = {
  'GET /api/chat/{id}/messages': { of: { id: 'uiChat' } },
  'GET /api/chat/{id}/stream': { of: { id: 'uiChat' } },
  'POST /api/chat/{id}/stop': { of: { id: 'uiChat' } },
  'GET /api/agents/{agent}/memory': { of: { agent: 'agent' } },
  'GET /api/agents/{agent}/memory/{key}': memory,
  'PUT /api/agents/{agent}/memory/{key}': { ...memory, payload: { value: 'another' } },
  'POST /api/agents/{agent}/memory/{key}/append': { ...memory, payload: { text: 'more' } },
  'POST /api/agents/{agent}/memory/{key}/increment': { ...memory, payload: {} },
  'DELETE /api/agents/{agent}/memory/{key}': memory,
};

/** Routes whose things are everybody's who has the scope, each with the reason. */
const SHARED: Readonly<Record<string, string>> = {
  'POST /api/marketplace/tasks/{id}/accept': 'an open errand is offered to all',
  'GET /api/activities/{id}': 'an activity is for all users',
  'PUT /api/activities/{id}/participation': 'an activity is for all users',
  'GET /api/activities/{id}/standing': "tells the caller's own place",
  'GET /api/activities/{id}/leaderboard': 'is there to be seen by all',
  'GET /api/logs/receipts/{id}':
    'tells no more of lines than whether they are stored; many devices share one',
};

type Operation = { 'x-required-scope'?: string | null };

describe("somebody else's things", () => {
  let test: TestApp;
  let belongings: Belongings;
  let other: TestUser;
  let operations: { name: string; scope: string | null | undefined }[];
  let userScopes: readonly string[];
  beforeAll(async () => {
    test = await createTestApp({ LOCKKEEPER_CHAT_DEFAULT_MODEL: 'local' });
    belongings = await createBelongings(test);
    // With coins, so that it is not for lack of them.
    other = (await TestChatter.create(test)).user;
    const document = (await test.app.inject({ url: '/openapi.json' })).json<OpenAPIObject>();
    operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        scope: (operation as Operation)['x-required-scope'],
      })),
    );
    const me = await test.app.inject({ url: '/api/auth/me', headers: bearer(other.accessToken) });
    userScopes = me.json<{ scopes: string[] }>().scopes;
  });
  afterAll(() => test.close());

  const ask = (name: string, { of, payload, query = '' }: Case, user: TestUser) => {
    const [method = '', path = ''] = name.split(' ');
    const url = path.replaceAll(/\{(\w+)\}/g, (_whole, parameter: string) => {
      const id = belongings[of[parameter] as 'conversation'];
      if (!id) throw new Error(`${name}: nothing stands for ${parameter}.`);
      return id;
    });
    return test.app.inject({
      method: method as 'GET',
      url: url + query,
      headers: { ...bearer(user.accessToken), 'idempotency-key': randomUUID() },
      ...(payload && { payload }),
    });
  };

  it('are looked at here for every route with a name in it that a user may call', () => {
    const withNames = operations.filter(
      ({ name, scope }) => name.includes('{') && typeof scope === 'string' && userScopes.includes(scope),
    );
    const covered = [OWNED, BY_CALLER, SHARED].flatMap((table) => Object.keys(table));
    expect(withNames.map(({ name }) => name).sort()).toEqual(covered.sort());
  });

  it.each(Object.entries(OWNED))('are not there for another: %s', async (name, request) => {
    const refused = await ask(name, request, other);
    expect([403, 404], `${refused.statusCode} ${refused.body}`).toContain(refused.statusCode);
    expect(refused.body).not.toContain(PRIVATE_TEXT);
    // That they are there for whom they belong to shows that the case is one.
    const found = await ask(name, request, belongings[request.by ?? 'owner']);
    const isAnswered = found.statusCode < 300 || found.statusCode === 409;
    expect(isAnswered, `${found.statusCode} ${found.body}`).toBe(true);
  });

  it.each(Object.entries(BY_CALLER))('are nothing under the same name: %s', async (name, request) => {
    const answer = await ask(name, request, other);
    expect(answer.statusCode).toBeLessThan(500);
    expect(answer.body).not.toContain(PRIVATE_TEXT);
  });

  it('are read by their owner under that name', async () => {
    const answer = await ask('GET /api/chat/{id}/messages', { of: { id: 'uiChat' } }, belongings.owner);
    expect(answer.body).toContain(PRIVATE_TEXT);
  });

  it('are in no list that another reads', async () => {
    const lists = operations.filter(
      ({ name, scope }) =>
        name.startsWith('GET ') &&
        !name.includes('{') &&
        typeof scope === 'string' &&
        userScopes.includes(scope),
    );
    expect(lists.length).toBeGreaterThan(10);
    // The name of a chat is its owner's own, and is not looked for.
    const { owner, conversation: spoken, turn: said, apiKey, errand: posted, supportChat } = belongings;
    const secrets = [spoken, said, apiKey, posted, supportChat, belongings.invitationCode, belongings.file];
    secrets.push(belongings.collection, belongings.entity, belongings.task, belongings.taskFlow);
    secrets.push(owner.email, PRIVATE_TEXT);
    for (const { name } of lists) {
      const url = name.slice('GET '.length) + (name.endsWith('/search') ? '?q=otters' : '');
      const { body } = await test.app.inject({ url, headers: bearer(other.accessToken) });
      for (const secret of secrets) expect(body, name).not.toContain(secret);
    }
  });

  it('cannot be gone on with: a turn in a conversation of another', async () => {
    const mine = await createBelongings(test);
    const answer = await test.app.inject({
      method: 'POST',
      url: '/v1/chat/completions',
      headers: { ...bearer(other.accessToken), 'x-conversation-id': mine.conversation },
      payload: { model: 'local', messages: [{ role: 'user', content: 'Go on.' }] },
    });
    expect([403, 404], answer.body).toContain(answer.statusCode);
    expect(answer.body).not.toContain(PRIVATE_TEXT);
  });
});
