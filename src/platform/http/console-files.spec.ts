import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gunzipSync, gzipSync } from 'node:zlib';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installConsole } from './console-files.js';

const SCRIPT = 'assets/index-D4f3b2a1.js';
const CODE = `console.log(${JSON.stringify('x'.repeat(4_000))})`;
const PAGE = '<!doctype html><div id="root"></div>';

describe('the files of the console', () => {
  let folder: string;
  const apps: FastifyInstance[] = [];
  const serve = (root: string) => {
    const app = fastify();
    apps.push(app);
    installConsole(app, { declarePaths: () => undefined }, root);
    return app;
  };
  let app: FastifyInstance;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'console-'));
    const built = join(folder, 'built');
    mkdirSync(join(built, 'assets'), { recursive: true });
    writeFileSync(join(built, 'index.html'), PAGE);
    writeFileSync(join(built, 'favicon.svg'), '<svg/>');
    writeFileSync(join(built, SCRIPT), CODE);
    writeFileSync(join(built, `${SCRIPT}.br`), brotliCompressSync(CODE));
    writeFileSync(join(built, `${SCRIPT}.gz`), gzipSync(CODE));
    writeFileSync(join(folder, 'secret.txt'), 'nobody reads this');
    app = serve(built);
  });
  afterAll(async () => {
    await Promise.all(apps.map((each) => each.close()));
    rmSync(folder, { recursive: true });
  });

  const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers });

  it('begin with a page that is asked for anew each time', async () => {
    const redirect = await get('/console');
    expect([redirect.statusCode, redirect.headers.location]).toEqual([302, '/console/']);
    const page = await get('/console/');
    expect(page.body).toBe(PAGE);
    expect(page.headers).toMatchObject({
      'cache-control': 'no-cache',
      'content-type': 'text/html; charset=utf-8',
    });
    const { etag = '' } = page.headers;
    expect((await get('/console/', { 'if-none-match': etag })).statusCode).toBe(304);
    expect((await get('/console/index.html')).headers['cache-control']).toBe('no-cache');
  });

  it.each(['/console/queues', '/console/conversations/0197c5a2', '/console/a/b/?tab=1'])(
    'give the same page for one of its own: %s',
    async (url) => {
      expect((await get(url)).body).toBe(PAGE);
    },
  );

  it('are kept for good if they are named by what is in them', async () => {
    const script = await get(`/console/${SCRIPT}`);
    expect(script.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': expect.stringMatching(/^(text|application)\/javascript/),
    });
    expect(script.body).toBe(CODE);
    expect((await get('/console/favicon.svg')).headers['cache-control']).toBe('public, max-age=3600');
  });

  it('are sent compressed to who can take it', async () => {
    const brotli = await get(`/console/${SCRIPT}`, { 'accept-encoding': 'gzip, br' });
    expect(brotli.headers).toMatchObject({ 'content-encoding': 'br', vary: 'accept-encoding' });
    expect(brotli.rawPayload).toEqual(brotliCompressSync(CODE));
    const gzip = await get(`/console/${SCRIPT}`, { 'accept-encoding': 'gzip' });
    expect(gzip.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(gzip.rawPayload).toString()).toBe(CODE);
  });

  it('are not there if they are not: no page is given for a file', async () => {
    for (const url of ['/console/assets/index-00000000.js', '/console/nothing.svg', '/console/assets/']) {
      expect((await get(url)).statusCode, url).toBe(404);
    }
  });

  it.each([
    '../secret.txt',
    '%2e%2e/secret.txt',
    '..%2fsecret.txt',
    'assets/../../secret.txt',
    '/etc/passwd.x',
  ])('are those of its folder alone: %s', async (path) => {
    const answer = await get(`/console/${path}`);
    expect(answer.statusCode).toBeGreaterThanOrEqual(400);
    expect(answer.body).not.toContain('nobody');
  });

  it('say so if the console was not built', async () => {
    app = serve(join(folder, 'nothing'));
    const answer = await get('/console/queues');
    expect(answer.statusCode).toBe(404);
    expect(answer.body).toContain('npm run build');
  });
});
