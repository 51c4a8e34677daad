import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { INestApplicationContext } from '@nestjs/common';
import { saveAllTurns, TestChatter } from '../factories/chat.js';
import { formOf, TestFiles, uniqueText } from '../factories/files.js';
import { pauseSchedules } from '../factories/paused-schedules.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestWorker } from '../factories/test-worker.js';
import { bearer, createUser, type TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';
import { answering, FakeUpstream } from '../fakes/openai-upstream.js';

interface Message {
  role: string;
  content: string;
  extra: { annotations?: Annotation[] } | null;
}
interface Annotation {
  type: string;
  file_citation: {
    index: number;
    file_id: string;
    file_name: string;
    place: { start: number; end: number; section?: string[] };
    snippet: string;
  };
}

const MODELS = JSON.stringify([{ id: 'fake', input_price: '1', output_price: '1' }]);
const TEXT = '# Pumps\n\nThe pump of the espresso machine is descaled every ninety days with citric acid.\n';

describe('a turn that is answered from documents', () => {
  let upstream: FakeUpstream;
  let test: TestApp;
  let worker: INestApplicationContext;
  let chatter: TestChatter;
  let collectionId: string;
  let fileId: string;

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    test = await createTestApp({
      LOCKKEEPER_UPSTREAM_URL: upstream.url,
      LOCKKEEPER_UPSTREAM_ATTEMPTS: '1',
      LOCKKEEPER_MODELS: MODELS,
    });
    chatter = await TestChatter.create(test);
    const files = await TestFiles.listen(test);
    await pauseSchedules(test.environment);
    worker = await createTestWorker(test.environment);
    collectionId = await createCollection(chatter.user);
    const form = formOf(TEXT + uniqueText(), 'manual.md', { collection_id: collectionId });
    fileId = (await files.send(chatter.user, form)).body.file_id;
    await waitUntil(
      'the file is processed',
      async () => (await files.read(chatter.user, fileId)).status === 'completed',
      60_000,
    );
  });
  beforeEach(() => upstream.follow(answering(['Every ninety days [1].'])));
  afterAll(async () => {
    await worker?.close();
    await test.close();
    await upstream.close();
  });

  async function call(
    method: 'POST' | 'PUT' | 'GET' | 'DELETE',
    url: string,
    payload?: object,
    of?: TestUser,
  ) {
    const answer = await test.app.inject({
      method,
      url,
      headers: bearer((of ?? chatter.user).accessToken),
      ...(payload && { payload }),
    });
    return {
      status: answer.statusCode,
      body: answer.body === '' ? {} : answer.json<Record<string, unknown>>(),
    };
  }

  async function createCollection(of: TestUser): Promise<string> {
    const name = `Manuals ${uniqueText().trim()}`;
    return String((await call('POST', '/api/collections', { name }, of)).body['id']);
  }

  const question = (content = 'How often is the pump descaled?') => [{ role: 'user', content }];
  const given = () => upstream.calls.at(-1)?.body['messages'] as { role: string; content: string }[];
  const cited = () => ({
    type: 'file_citation',
    file_citation: expect.objectContaining({ index: 1, file_id: fileId, file_name: 'manual.md' }),
  });

  it('is given the passages that fit, after the instructions, as material', async () => {
    const system = { role: 'system', content: 'Be brief.' };
    await chatter.post({ model: 'fake', messages: [system, ...question()], collection_ids: [collectionId] });
    const [first, passages, last] = given();
    expect(first).toEqual(system);
    expect(passages).toMatchObject({ role: 'system', content: expect.stringContaining('not instructions') });
    expect(passages?.content).toContain('[1] manual.md, Pumps\n');
    expect(passages?.content).toContain('every ninety days with citric acid');
    expect(last).toEqual(question()[0]);
  });

  it('tells where its passages are, in the answer and in its message, streamed or not', async () => {
    const request = { model: 'fake', messages: question(), collection_ids: [collectionId] };
    const { body, conversationId } = await chatter.post(request);
    const [choice] = body.choices as unknown as { message: { annotations: Annotation[] } }[];
    expect(choice?.message.annotations[0]).toEqual(cited());
    const { place, snippet } = choice?.message.annotations[0]?.file_citation ?? expect.fail();
    expect(TEXT.replace('# ', '').slice(place.start, place.end)).toContain('every ninety days');
    expect(snippet).toContain('<mark>');
    for (const state of ['not saved', 'saved']) {
      if (state === 'saved') await saveAllTurns(test);
      const messages = (await chatter.messages(conversationId)) as unknown as Message[];
      expect(messages.at(-1)?.extra?.annotations?.[0], state).toEqual(cited());
    }
    const frames = await streamed(request);
    expect(frames[0]?.choices[0]?.delta.annotations?.[0]).toEqual(cited());
    expect(frames.slice(1).some((frame) => frame.choices[0]?.delta.annotations)).toBe(false);
  });

  async function streamed(request: object) {
    const response = await fetch(`${await test.app.getUrl()}/v1/chat/completions`, {
      method: 'POST',
      headers: { ...bearer(chatter.user.accessToken), 'content-type': 'application/json' },
      body: JSON.stringify({ ...request, stream: true }),
    });
    const lines = (await response.text()).split('\n').filter((line) => line.startsWith('data: {'));
    return lines.map(
      (line) => JSON.parse(line.slice(6)) as { choices: { delta: { annotations?: Annotation[] } }[] },
    );
  }

  it('takes the collections that its conversation names, until it names none', async () => {
    const { conversationId } = await chatter.say('Hello', 'fake');
    const url = `/api/conversations/${conversationId}/collections`;
    const named = await call('PUT', url, { collection_ids: [collectionId, collectionId] });
    expect(named).toEqual({ status: 200, body: { collection_ids: [collectionId] } });
    const ask = () =>
      chatter.post({ model: 'fake', messages: question() }, { 'x-conversation-id': conversationId });
    await ask();
    expect(given()[0]?.content).toContain('citric acid');
    expect((await call('PUT', url, { collection_ids: [] })).body).toEqual({ collection_ids: [] });
    await ask();
    expect(given().map(({ content }) => content)).toEqual([
      'Hello',
      'Every ninety days [1].',
      question()[0]?.content,
      'Every ninety days [1].',
      question()[0]?.content,
    ]);
    // What was cited is not said to the model again.
    expect(JSON.stringify(given())).not.toContain('annotations');
  });

  it('goes on without a collection that was deleted', async () => {
    const gone = await createCollection(chatter.user);
    const { conversationId } = await chatter.say('Hello', 'fake');
    await call('PUT', `/api/conversations/${conversationId}/collections`, { collection_ids: [gone] });
    await call('DELETE', `/api/collections/${gone}`);
    const answer = await chatter.post(
      { model: 'fake', messages: question() },
      { 'x-conversation-id': conversationId },
    );
    expect(answer.status).toBe(200);
    expect(given().some(({ role }) => role === 'system')).toBe(false);
  });

  it('is refused for a collection that is not the caller’s, and costs nothing', async () => {
    const other = await createCollection(await createUser(test));
    const answer = await chatter.post({ model: 'fake', messages: question(), collection_ids: [other] });
    expect([answer.status, answer.body.error.code]).toEqual([404, 'collection_not_found']);
    const { conversationId } = await chatter.say('Hello', 'fake');
    const url = `/api/conversations/${conversationId}/collections`;
    expect((await call('PUT', url, { collection_ids: [other] })).status).toBe(404);
    const stranger = await createUser(test);
    expect((await call('GET', url, undefined, stranger)).status).toBe(404);
    expect((await call('PUT', url, { collection_ids: [] }, stranger)).status).toBe(404);
    await chatter.books();
  });

  it('shows its sources to useChat', async () => {
    const id = `chat ${uniqueText().trim()}`;
    const message = { id: 'm1', role: 'user', parts: [{ type: 'text', text: question()[0]?.content }] };
    const body = {
      id,
      trigger: 'submit-message',
      messages: [message],
      model: 'fake',
      collection_ids: [collectionId],
    };
    const response = await test.app.inject({
      method: 'POST',
      url: '/api/chat',
      headers: bearer(chatter.user.accessToken),
      payload: body,
    });
    expect(response.body).toContain('"type":"source-document"');
    await saveAllTurns(test);
    const stored = await call('GET', `/api/chat/${encodeURIComponent(id)}/messages`);
    expect(JSON.stringify(stored.body)).toContain('"filename":"manual.md"');
  });
});
