import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signInToConsole } from '../factories/console.js';
import { createTcpProxy, type TcpProxy } from '../factories/tcp-proxy.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestRedis } from '../factories/test-redis.js';
import { bearer, createUser, type TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const BOARD = '/admin/queues';

describe('the board of the queues, over HTTP', () => {
  let redis: TcpProxy;
  let redisUrl: string;
  let test: TestApp;
  let operator: TestUser;
  let queue: Queue;
  beforeAll(async () => {
    redisUrl = await createTestRedis();
    redis = await createTcpProxy(redisUrl);
    test = await createTestApp({ LOCKKEEPER_REDIS_URL: redis.url });
    await test.app.listen(0, '127.0.0.1');
    operator = await createUser(test, { role: 'operator' });
    queue = new Queue('message_index', { connection: { url: redisUrl }, prefix: '{lockkeeper}' });
  });
  afterAll(async () => {
    await queue.close();
    await test.close();
  });

  async function ask(path: string, headers: Record<string, string>, method = 'GET') {
    const answer = await fetch(`${await test.app.getUrl()}${path}`, { method, headers, redirect: 'manual' });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  }

  /** The page's own scripts and styles. */
  function assetsOf(page: string): string[] {
    return [...page.matchAll(/(?:src|href)="(static\/[^"]+)"/g)].map(([, path]) => `${BOARD}/${path}`);
  }

  it('is there for an operator who is signed in to the console, with all that its page asks for', async () => {
    const { cookie } = await signInToConsole(test, operator);
    const page = await ask(BOARD, { cookie });
    expect(page.status).toBe(200);
    expect(page.text).toContain('<div id="root">');
    const assets = assetsOf(page.text);
    expect(assets.filter((path) => path.endsWith('.js')).length).toBeGreaterThan(1);
    for (const path of assets) expect((await ask(path, { cookie })).status, path).toBe(200);
    const { queues } = JSON.parse((await ask(`${BOARD}/api/queues`, { cookie })).text);
    expect(queues.map(({ name }: { name: string }) => name).toSorted()).toEqual([
      ...Array.from({ length: 8 }, (_, shard) => `conversation-saves-${shard}`),
      'file_processing',
      'kg_extraction',
      'message_index',
      'vectorization',
    ]);
    expect(queues.every((each: { readOnlyMode: boolean }) => each.readOnlyMode)).toBe(true);
  });

  it('asks nothing of other hosts, and has its browser hold it to that', async () => {
    const page = await ask(`${BOARD}/`, bearer(operator.apiKey));
    expect(page.text).not.toMatch(/(?:src|href|action)="(?:https?:)?\/\//);
    expect(page.text.match(/<script(?![^>]*(?:src=|application\/json))/g)).toBeNull();
    const policy = page.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
  });

  it('shows jobs without their secrets', async () => {
    const { id } = await queue.add('x', { turn_ids: ['t'], secret: 'hunter2' });
    const { apiKey } = operator;
    for (const path of [`queues?activeQueue=message_index&status=waiting`, `queues/message_index/${id}`]) {
      const { status, text } = await ask(`${BOARD}/api/${path}`, bearer(apiKey));
      expect(status).toBe(200);
      expect(text).toContain('turn_ids');
      expect(text).not.toContain('hunter2');
    }
    expect((await ask(`${BOARD}/api/queues?jobsPerPage=1000000`, bearer(apiKey))).status).toBe(400);
  });

  it.each([
    ['a stranger', 401, 'authentication_required', async () => ({})],
    ['a broken token', 401, 'token_invalid', async () => bearer('x.y.z')],
    ['a user with a key', 403, 'scope_missing', async () => bearer((await createUser(test)).apiKey)],
    [
      'an agent in the console',
      403,
      'scope_missing',
      async () => ({
        cookie: (await signInToConsole(test, await createUser(test, { role: 'agent' }))).cookie,
      }),
    ],
  ])('is closed to %s, its assets and calls too', async (_who, status, code, headersOf) => {
    const assets = assetsOf((await ask(BOARD, bearer(operator.apiKey))).text);
    const headers: Record<string, string> = await headersOf();
    for (const path of [
      BOARD,
      `${BOARD}/`,
      `${BOARD}/queue/message_index`,
      `${BOARD}/api/queues`,
      ...assets,
    ]) {
      const answer = await ask(path, headers);
      expect(answer.status, path).toBe(status);
      expect(JSON.parse(answer.text)).toMatchObject({ code });
    }
  });

  it('does nothing, whoever asks and from wherever', async () => {
    const { cookie, csrfToken } = await signInToConsole(test, operator);
    const job = await queue.add('x', { turn_ids: ['t'] });
    const operations = [
      ['PUT', 'queues/message_index/pause'],
      ['PUT', 'queues/message_index/empty'],
      ['PUT', 'queues/message_index/obliterate'],
      ['PUT', `queues/message_index/${job.id}/clean`],
      ['PUT', 'queues/pause'],
      ['POST', 'queues/message_index/add'],
    ] as const;
    for (const [method, path] of operations) {
      const url = `${BOARD}/api/${path}`;
      expect((await ask(url, {}, method)).status, path).toBe(401);
      expect((await ask(url, { cookie }, method)).status, path).toBe(403);
      expect((await ask(url, { cookie, 'x-csrf-token': csrfToken }, method)).status, path).toBe(405);
      const answer = await ask(url, bearer(operator.apiKey), method);
      expect(answer.status, path).toBe(405);
      expect(JSON.parse(answer.text)).toMatchObject({ code: 'queue_board_read_only' });
    }
    expect(await queue.isPaused()).toBe(false);
    expect(await queue.getJobState(job.id ?? '')).toBe('waiting');
  });

  it('says so, soon, while Redis is away', async () => {
    await redis.cut();
    try {
      const startedAt = performance.now();
      const answer = await ask(`${BOARD}/api/queues`, bearer(operator.apiKey));
      expect(answer.status).toBe(503);
      expect(JSON.parse(answer.text)).toMatchObject({ code: 'queues_unavailable' });
      expect(performance.now() - startedAt).toBeLessThan(1_000);
      expect((await ask(BOARD, bearer(operator.apiKey))).status).toBe(200);
    } finally {
      await redis.restore();
    }
    await waitUntil(
      'Redis is back',
      async () => (await ask(`${BOARD}/api/queues`, bearer(operator.apiKey))).status === 200,
    );
  });
});
