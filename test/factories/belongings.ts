import { randomUUID } from 'node:crypto';
import { TaskFlows, TaskService } from '../../src/modules/task/index.js';
import { scriptedFileTask } from '../fakes/task-kinds.js';
import { TestGraphs } from './graph.js';
import { KnowledgeService } from '../../src/modules/knowledge/index.js';
import { saveAllTurns, TestChatter } from './chat.js';
import { chunksOf } from './knowledge.js';
import type { TestApp } from './test-app.js';
import { bearer, createUser, type TestUser } from './users.js';

/** A text that nobody but its owner may read, wherever it turns up. */
export const PRIVATE_TEXT = 'a private text about otters';

/** What somebody has of everything that can belong to a user, by the names of the parameters that stand for it. */
export interface Belongings {
  owner: TestUser;
  /** An expert who has accepted the owner's errand. */
  expert: TestUser;
  conversation: string;
  turn: string;
  completion: string;
  uiChat: string;
  apiKey: string;
  errand: string;
  invitationCode: string;
  supportChat: string;
  agent: string;
  memory: string;
  file: string;
  task: string;
  taskFlow: string;
  entity: string;
  relation: string;
  collection: string;
}

/** Makes a user who has one of everything. */
export async function createBelongings(test: TestApp): Promise<Belongings> {
  const chatter = await TestChatter.create(test, '100');
  const owner = chatter.user;
  const expert = await createUser(test);
  const call = async <T>(
    user: TestUser,
    method: 'POST' | 'GET' | 'PUT',
    url: string,
    payload?: object,
  ): Promise<T> => {
    const answer = await test.app.inject({
      method,
      url,
      headers: { ...bearer(user.accessToken), 'idempotency-key': randomUUID() },
      ...(payload && { payload }),
    });
    if (answer.statusCode >= 300) throw new Error(`${method} ${url}: ${answer.body}`);
    return (answer.headers['content-type']?.includes('json') ? answer.json() : undefined) as T;
  };
  const { conversationId, turnId } = await chatter.say(PRIVATE_TEXT);
  const uiChat = `chat-${randomUUID()}`;
  const question = { id: randomUUID(), role: 'user', parts: [{ type: 'text', text: PRIVATE_TEXT }] };
  await call(owner, 'POST', '/api/chat', { id: uiChat, trigger: 'submit-message', messages: [question] });
  await saveAllTurns(test);
  await call(expert, 'PUT', '/api/marketplace/experts/me', {
    display_name: 'Ada',
    bio: 'Ten years of it.',
    skills: ['proofreading'],
  });
  const errand = await call<{ id: string }>(owner, 'POST', '/api/marketplace/tasks', {
    title: 'Proofread my essay',
    description: 'Ten pages about rivers.',
    reward: '10',
    deadline_at: new Date(Date.now() + 3_600_000).toISOString(),
  });
  await call(expert, 'POST', `/api/marketplace/tasks/${errand.id}/accept`);
  const support = await call<{ id: string }>(owner, 'POST', '/api/support/chats');
  await call(owner, 'POST', `/api/support/chats/${support.id}/messages`, {
    client_message_id: randomUUID(),
    content: PRIVATE_TEXT,
  });
  const [agent, memory] = [`agent-${randomUUID()}`, 'noted'];
  await call(owner, 'PUT', `/api/agents/${agent}/memory/${memory}`, { value: PRIVATE_TEXT });
  await new TestGraphs(test).fileOf(owner.id, 'Ada Lovelace worked with Charles Babbage.');
  const entities = await call<{ items: { id: string }[] }>(owner, 'GET', '/api/graph/entities');
  const entity = entities.items[0]?.id ?? '';
  const around = await call<{ relations: { id: string }[] }>(
    owner,
    'GET',
    `/api/graph/entities/${entity}/neighbourhood`,
  );
  const file = await uploadFile(test, owner);
  const source = { fileId: file, ownerId: owner.id };
  const knowledge = test.app.get(KnowledgeService);
  await knowledge.replaceChunks(source, chunksOf([PRIVATE_TEXT]));
  await knowledge.embedPending(file, { signal: new AbortController().signal });
  const collection = await call<{ id: string }>(owner, 'POST', '/api/collections', { name: PRIVATE_TEXT });
  await call(owner, 'PUT', `/api/collections/${collection.id}/files/${file}`);
  const keys = await call<{ items: { id: string }[] }>(owner, 'GET', '/api/api-keys');
  const work = { script: 'none', note: PRIVATE_TEXT };
  const step = [{ definition: scriptedFileTask, payload: work }];
  return {
    owner,
    expert,
    conversation: conversationId,
    turn: turnId,
    completion: `chatcmpl-${turnId}`,
    uiChat,
    apiKey: keys.items[0]?.id ?? '',
    errand: errand.id,
    invitationCode: (await call<{ id: string }>(owner, 'POST', '/api/invitations/codes')).id,
    supportChat: support.id,
    agent,
    memory,
    file,
    task: (await test.app.get(TaskService).submit(owner.id, scriptedFileTask, work)).taskId,
    taskFlow: (await test.app.get(TaskFlows).submit(owner.id, [step])).flowId,
    entity,
    relation: around.relations[0]?.id ?? '',
    collection: collection.id,
  };
}

/** @returns the id of a file with the private text, which nobody is to process any more. */
async function uploadFile(test: TestApp, owner: TestUser): Promise<string> {
  const form = [
    '--x',
    'content-disposition: form-data; name="file"; filename="private.txt"',
    '',
    `${PRIVATE_TEXT}, ${randomUUID()}`,
    '--x--',
    '',
  ];
  const answer = await test.app.inject({
    method: 'POST',
    url: '/api/files',
    headers: { ...bearer(owner.accessToken), 'content-type': 'multipart/form-data; boundary=x' },
    payload: form.join('\r\n'),
  });
  if (answer.statusCode !== 201) throw new Error(`POST /api/files: ${answer.body}`);
  const { file_id: id, job_id: task } = answer.json<{ file_id: string; job_id: string }>();
  await test.app.inject({
    method: 'POST',
    url: `/api/tasks/${task}/cancel`,
    headers: bearer(owner.accessToken),
  });
  return id;
}
