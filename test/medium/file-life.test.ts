import { randomBytes, randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileProgress } from '../../src/modules/file/index.js';
import { CACHE_REDIS, type RedisClient } from '../../src/platform/redis/index.js';
import { type FileBody, type ReceiptBody, TestFiles, uniqueText } from '../factories/files.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, type TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

interface FilePage {
  items: FileBody[];
  next_cursor: string | null;
}

interface Progress {
  file_id: string;
  status: string;
  progress: number;
  message: string | null;
}

describe('a file', () => {
  let test: TestApp;
  let files: TestFiles;
  let user: TestUser;
  let progress: FileProgress;
  beforeAll(async () => {
    test = await createTestApp();
    files = await TestFiles.listen(test);
    user = await files.user();
    progress = test.app.get(FileProgress, { strict: false });
  });
  afterAll(() => test.close());

  describe('in lists', () => {
    const pageOf = async (owner: TestUser, query: string) =>
      (await files.call<FilePage>(owner, 'GET', query)).body;

    it('is there for its owner, the newest first, page by page', async () => {
      const owner = await files.user();
      const ids: string[] = [];
      for (let n = 0; n < 5; n++) ids.unshift(await files.uploaded(owner));
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page: FilePage = await pageOf(owner, `?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
        expect(page.items.length).toBeLessThanOrEqual(2);
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.next_cursor;
      } while (cursor !== null);
      expect(seen).toEqual(ids);
    });

    it('is found by how it stands', async () => {
      const owner = await files.user();
      const [done, waiting] = [await files.uploaded(owner), await files.uploaded(owner)];
      for (const step of ['chunking', 'vectorization', 'storage', 'kg_extraction'] as const) {
        await progress.report(done, step, { status: 'completed', progress: 100 });
      }
      const listed = async (query: string) => (await pageOf(owner, query)).items.map(({ id }) => id);
      expect(await listed('?status=completed')).toEqual([done]);
      expect(await listed('?status=queued')).toEqual([waiting]);
      expect(await listed('?status=uploading')).toEqual([]);
      expect(await listed('')).toEqual([waiting, done]);
      for (const query of ['?status=deleting', '?limit=0', '?limit=101', '?cursor=x']) {
        expect((await files.call(owner, 'GET', query)).status).toBe(422);
      }
    });
  });

  describe('when it is downloaded', () => {
    const content = randomBytes(300_000).toString('base64');
    let id: string;
    beforeAll(async () => {
      id = await files.uploaded(user, content, '報告 "1".txt');
    });

    const download = async (headers: Record<string, string> = {}, method = 'GET') =>
      fetch(await files.url(`/${id}/content`), {
        method,
        headers: { ...bearer(user.accessToken), ...headers },
      });

    it('is what was uploaded, and nothing that a browser would show', async () => {
      const answer = await download();
      expect(answer.status).toBe(200);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'content-type': 'text/plain',
        'content-length': String(content.length),
        'content-disposition': `attachment; filename="__ _1_.txt"; filename*=UTF-8''%E5%A0%B1%E5%91%8A%20_1_.txt`,
        'content-security-policy': "sandbox; default-src 'none'",
        'x-content-type-options': 'nosniff',
        'cache-control': 'private, no-cache',
        'accept-ranges': 'bytes',
        etag: expect.stringMatching(/^"[0-9a-f]{64}"$/),
      });
      expect(await answer.text()).toBe(content);
    });

    it('is sent in parts to whom asks for one', async () => {
      const part = await download({ range: 'bytes=100-199' });
      expect([part.status, part.headers.get('content-range')]).toEqual([
        206,
        `bytes 100-199/${content.length}`,
      ]);
      expect(await part.text()).toBe(content.slice(100, 200));
      const last = await download({ range: 'bytes=-5' });
      expect(await last.text()).toBe(content.slice(-5));
      const beyond = await download({ range: `bytes=${content.length}-` });
      expect([beyond.status, beyond.headers.get('content-range')]).toEqual([
        416,
        `bytes */${content.length}`,
      ]);
      expect(await beyond.json()).toMatchObject({ code: 'file_range_not_satisfiable' });
      const other = await download({ range: 'bytes=0-1', 'if-range': '"another"' });
      expect([other.status, (await other.text()).length]).toEqual([200, content.length]);
      const same = await download({ range: 'bytes=0-1', 'if-range': other.headers.get('etag') ?? '' });
      expect([same.status, await same.text()]).toEqual([206, content.slice(0, 2)]);
    });

    it('is not sent again to whom has it, and not at all to whom asks for its head', async () => {
      const etag = (await download({}, 'HEAD')).headers.get('etag') ?? '';
      const known = await download({ 'if-none-match': `"x", W/${etag}` });
      expect([known.status, await known.text()]).toEqual([304, '']);
      const head = await download({}, 'HEAD');
      expect([head.status, head.headers.get('content-length')]).toEqual([200, String(content.length)]);
    });
  });

  describe('when it is processed', () => {
    const read = async (id: string) => (await files.call<Progress>(user, 'GET', `/${id}/progress`)).body;

    it('tells how far it is, in the shape that its readers know', async () => {
      const id = await files.uploaded(user);
      expect(await read(id)).toEqual({
        file_id: id,
        status: 'queued',
        progress: 0,
        chunking: { status: 'pending', progress: 0 },
        vectorization: { status: 'pending', progress: 0 },
        storage: { status: 'pending', progress: 0 },
        kg_extraction: { status: 'pending', progress: 0 },
        message: null,
      });
      await progress.report(id, 'chunking', { status: 'completed', progress: 100 }, '12 chunks');
      await progress.report(id, 'vectorization', { status: 'processing', progress: 50.7 });
      const expected = {
        file_id: id,
        status: 'processing',
        progress: 37,
        chunking: { status: 'completed', progress: 100 },
        vectorization: { status: 'processing', progress: 50 },
        storage: { status: 'pending', progress: 0 },
        kg_extraction: { status: 'pending', progress: 0 },
        message: '12 chunks',
      };
      expect(await read(id)).toEqual(expected);
      const redis = test.app.get<RedisClient>(CACHE_REDIS, { strict: false });
      const key = `processing:status:${id}`;
      expect(JSON.parse((await redis.get(key)) ?? '')).toEqual(expected);
      expect(await redis.ttl(key)).toBeGreaterThan(7_190);
      // What the cache forgets is not lost, save how far a step was that ran.
      await redis.del(key);
      expect(await read(id)).toEqual({
        ...expected,
        progress: 25,
        vectorization: { status: 'processing', progress: 0 },
      });
      await progress.report(id, 'vectorization', { status: 'processing', progress: 80 });
      expect(await read(id)).toMatchObject({
        progress: 45,
        chunking: { status: 'completed', progress: 100 },
      });
    });

    it('has failed when a step has, or when its task has ended without a word', async () => {
      const broken = await files.uploaded(user);
      await progress.report(broken, 'chunking', { status: 'failed', progress: 10 }, 'It is encrypted.');
      expect(await read(broken)).toMatchObject({ status: 'failed', message: 'It is encrypted.' });
      const cancelled = await files.uploaded(user);
      const { job_id: job } = await files.read(user, cancelled);
      const answer = await test.app.inject({
        method: 'POST',
        url: `/api/tasks/${job}/cancel`,
        headers: bearer(user.accessToken),
      });
      expect(answer.statusCode).toBe(200);
      expect(await files.read(user, cancelled)).toMatchObject({
        status: 'failed',
        message: 'The task was cancelled.',
      });
    });

    it.each([
      ['process', 'file.process', ['pending', 'pending', 'pending', 'pending']],
      ['vectorize', 'file.vectorize', ['completed', 'pending', 'pending', 'completed']],
      ['extract-graph', 'file.extract-graph', ['completed', 'completed', 'completed', 'pending']],
    ])('is processed again: %s', async (path, name, steps) => {
      const id = await files.uploaded(user);
      const { job_id: first } = await files.read(user, id);
      await test.app.inject({
        method: 'POST',
        url: `/api/tasks/${first}/cancel`,
        headers: bearer(user.accessToken),
      });
      for (const step of ['chunking', 'vectorization', 'storage', 'kg_extraction'] as const) {
        await progress.report(id, step, { status: 'completed', progress: 100 });
      }
      const { status, body } = await files.call<ReceiptBody>(user, 'POST', `/${id}/${path}`);
      expect([status, body]).toEqual([202, { file_id: id, job_id: expect.any(String), status: 'queued' }]);
      expect(body.job_id).not.toBe(first);
      const file = await files.read(user, id);
      expect([file.status, Object.values(file.steps), file.job_id]).toEqual(['queued', steps, body.job_id]);
      const task = await test.app.inject({
        url: `/api/tasks/${body.job_id}`,
        headers: bearer(user.accessToken),
      });
      expect(task.json()).toMatchObject({ name });
      const again = await files.call<ReceiptBody>(user, 'POST', `/${id}/${path}`);
      expect([again.status, again.body.job_id]).toEqual([202, body.job_id]);
    });

    it('is followed to its end over server-sent events, only by its owner', async () => {
      const id = await files.uploaded(user);
      const url = await files.url(`/${id}/progress/stream`);
      const answer = await fetch(url, { headers: bearer(user.accessToken) });
      expect(answer.headers.get('content-type')).toContain('text/event-stream');
      const text = answer.text();
      await progress.report(id, 'chunking', { status: 'processing', progress: 40 });
      for (const step of ['chunking', 'vectorization', 'storage', 'kg_extraction'] as const) {
        await progress.report(id, step, { status: 'completed', progress: 100 });
      }
      const events = [...(await text).matchAll(/event: (\w+)\ndata: (.*)\n/g)];
      const seen = events.map(([, event, data]) => [event, (JSON.parse(data ?? '') as Progress).status]);
      expect(seen[0]).toEqual(['progress', 'queued']);
      expect(seen.at(-1)).toEqual(['progress', 'completed']);
      const stranger = await files.user();
      expect((await fetch(url, { headers: bearer(stranger.accessToken) })).status).toBe(404);
    });

    it('is followed to its deletion', async () => {
      const id = await files.uploaded(user);
      const answer = await fetch(await files.url(`/${id}/progress/stream`), {
        headers: bearer(user.accessToken),
      });
      expect((await files.call(user, 'DELETE', `/${id}`)).status).toBe(204);
      expect(await answer.text()).toContain(`event: gone\ndata: {"file_id":"${id}"}`);
    });
  });

  it('is not there for anybody else, by any route, nor under an id of nothing', async () => {
    const id = await files.uploaded(user);
    const stranger = await files.user();
    for (const [asking, target] of [
      [stranger, id],
      [user, randomUUID()],
    ] as const) {
      for (const path of ['', '/content', '/progress', '/progress/stream']) {
        const { status, body } = await files.call(asking, 'GET', `/${target}${path}`);
        expect([status, body.code], path).toEqual([404, 'file_not_found']);
      }
      for (const path of ['/process', '/vectorize', '/extract-graph']) {
        expect((await files.call(asking, 'POST', `/${target}${path}`)).status, path).toBe(404);
      }
      expect((await files.call(asking, 'DELETE', `/${target}`)).status).toBe(404);
    }
    expect((await files.read(user, id)).status).toBe('queued');
    expect((await files.call(user, 'GET', '/no-id')).status).toBe(422);
  });

  it('comes in however long it takes, while other requests have their time', async () => {
    const server: Server = test.app.getHttpServer();
    const { requestTimeout, headersTimeout } = server;
    const { port } = server.address() as AddressInfo;
    const begin = (path: string, type: string, body: string) => {
      const socket = connect(port, '127.0.0.1');
      const heard = { text: '', isClosed: false };
      socket.on('data', (bytes) => (heard.text += bytes.toString()));
      socket.on('close', () => (heard.isClosed = true)).on('error', () => undefined);
      socket.write(
        `POST ${path} HTTP/1.1\r\nhost: here\r\nauthorization: Bearer ${user.accessToken}\r\n` +
          `content-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body) + 1}\r\n\r\n${body}`,
      );
      return { socket, heard };
    };
    const head = '--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n';
    Object.assign(server, { requestTimeout: 200, headersTimeout: 200 });
    try {
      const slow = begin('/api/files', 'multipart/form-data; boundary=x', `${head}${uniqueText()}\r\n--x-`);
      const other = begin('/api/chat', 'application/json', '{');
      await waitUntil('the other has had its time', () => other.heard.isClosed);
      expect(other.heard.text).toContain('408');
      expect(slow.heard).toEqual({ text: '', isClosed: false });
      slow.socket.write('-');
      await waitUntil('the slow one is answered', () => slow.heard.text.includes('\r\n\r\n'));
      expect(slow.heard.text).toContain('201 Created');
      slow.socket.destroy();
    } finally {
      Object.assign(server, { requestTimeout, headersTimeout });
    }
  });
});
