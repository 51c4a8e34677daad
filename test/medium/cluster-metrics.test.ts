import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ProcessSocket, REMEMBERED_MS } from '../../src/platform/metrics/process-socket.js';
import { isListenedTo } from '../../src/platform/metrics/socket-exchange.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestWorker } from '../factories/test-worker.js';
import { bearer, createUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const TOKEN = 'a-token-of-its-own';

describe('the name of a process', () => {
  let directory: string;
  const sockets: ProcessSocket[] = [];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'names-'));
  });
  afterEach(async () => {
    await Promise.all(sockets.splice(0).map((socket) => socket.close()));
    rmSync(directory, { recursive: true });
  });

  async function open(role: string, instance?: number) {
    const failures: unknown[] = [];
    const socket = new ProcessSocket(
      directory,
      { role, instance },
      async () => '[]',
      (error) => failures.push(error),
    );
    sockets.push(socket);
    const starts = await socket.open();
    return { socket, starts, failures };
  }

  it('is the first that is free, for each role', async () => {
    const opened = await Promise.all(Array.from({ length: 8 }, () => open('worker')));
    const names = opened.map(({ socket }) => socket.name).sort();
    expect(names).toEqual(Array.from({ length: 8 }, (_, number) => `worker-${number}`));
    expect((await open('api')).socket.name).toBe('api-0');
  });

  it('is the same after a restart, which is counted', async () => {
    for (const expected of [0, 1, 2]) {
      const { socket, starts } = await open('worker');
      expect([socket.name, starts]).toEqual(['worker-0', expected]);
      await socket.close();
    }
    expect(readdirSync(directory)).toEqual(['worker-0.starts']);
  });

  it('passes to the successor that has the same number, and the predecessor is found as such', async () => {
    const predecessor = await open('api', 3);
    const successor = await open('api', 3);
    expect(successor.socket.name).toBe('api-3');
    await waitUntil('the new name', () => predecessor.socket.name === 'api-3-before');
    expect(successor.socket.name).toBe('api-3');
    await predecessor.socket.close();
    expect(readdirSync(directory).filter((file) => file.endsWith('.sock'))).toEqual(['api-3.sock']);
  });

  it('is taken again if somebody has cleaned the directory', async () => {
    const { socket } = await open('worker');
    for (const file of readdirSync(directory)) rmSync(join(directory, file));
    await waitUntil('the name', () => isListenedTo(join(directory, `${socket.name}.sock`)));
  });
});

describe('/metrics', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  const scrape = async (app = test) => (await app.app.inject({ url: '/metrics' })).body;
  const isUp = async (name: string, app = test) =>
    new RegExp(`^lockkeeper_process_up\\{process="${name}"\\} (\\d)$`, 'm').exec(await scrape(app))?.[1];
  const fileOf = (name: string) => join(test.environment['LOCKKEEPER_RUN_DIR'] ?? '', `${name}.sock`);

  it('answers for all processes, each series under its name, and for shared things once', async () => {
    const second = await createTestApp(test.environment);
    const worker = await createTestWorker(test.environment);
    try {
      for (const app of [test, second]) {
        const text = await waitUntil('the worker', async () => {
          const body = await scrape(app);
          return body.includes('process="worker-0"') ? body : undefined;
        });
        for (const name of ['api-0', 'api-1', 'worker-0']) {
          expect(text).toContain(`lockkeeper_process_up{process="${name}"} 1\n`);
          expect(text).toMatch(new RegExp(`^process_cpu_seconds_total\\{process="${name}"\\} [\\d.]+$`, 'm'));
        }
        expect(text.match(/^lockkeeper_logs_backlog_bytes.*$/gm)).toEqual([
          'lockkeeper_logs_backlog_bytes 0',
        ]);
        const types = text.match(/^# TYPE .*$/gm) ?? [];
        expect(types.length).toBe(new Set(types).size);
      }
    } finally {
      await worker.close();
      await second.close();
    }
    await waitUntil('the end of the others', async () => !(await scrape()).includes('process="worker-0"'));
    expect(await isUp('api-1')).toBeUndefined();
  });

  it('shows a process that hangs as down, and does not wait for it', async () => {
    const silent: Server = createServer(() => undefined).listen(fileOf('worker-7'));
    await once(silent, 'listening');
    await waitUntil('the silent process', async () => (await isUp('worker-7')) === '0');
    await waitUntil('an answer that is not kept', async () => {
      const startedAt = performance.now();
      await scrape();
      const elapsedMs = performance.now() - startedAt;
      expect(elapsedMs).toBeLessThan(2_000);
      return elapsedMs > 100;
    });
    silent.close();
  });

  it('shows a process that has died as down, and forgets it after a while', async () => {
    const program = `require('node:net').createServer().listen(process.argv[1], () => console.log('listens'))`;
    const child: ChildProcess = spawn(process.execPath, ['-e', program, fileOf('worker-9')]);
    await once(child.stdout!, 'data');
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    await waitUntil('the dead process', async () => (await isUp('worker-9')) === '0');
    const longAgo = new Date(Date.now() - REMEMBERED_MS - 1_000);
    utimesSync(fileOf('worker-9'), longAgo, longAgo);
    await waitUntil('nothing of it', async () => (await isUp('worker-9')) === undefined);
    expect(statSync(fileOf('worker-9'), { throwIfNoEntry: false })).toBeUndefined();
  });
});

describe('who may read /metrics', () => {
  const read = async (test: TestApp, headers: Record<string, string> = {}, remoteAddress = '127.0.0.1') =>
    (await test.app.inject({ url: '/metrics', headers, remoteAddress })).statusCode;

  it('without a token: operators, and this machine, but nobody behind a proxy', async () => {
    const test = await createTestApp();
    try {
      expect(await read(test)).toBe(200);
      expect(await read(test, {}, '::1')).toBe(200);
      expect(await read(test, {}, '10.0.0.7')).toBe(401);
      expect(await read(test, { 'x-forwarded-for': '127.0.0.1' })).toBe(401);
      expect(await read(test, bearer('wrong'))).toBe(401);
      const operator = await createUser(test, { role: 'operator' });
      expect(await read(test, bearer(operator.apiKey), '10.0.0.7')).toBe(200);
      const user = await createUser(test);
      expect(await read(test, bearer(user.apiKey), '10.0.0.7')).toBe(403);
    } finally {
      await test.close();
    }
  });

  it('with a token: who has it, and operators', async () => {
    const test = await createTestApp({ LOCKKEEPER_METRICS_TOKEN: TOKEN });
    try {
      expect(await read(test)).toBe(401);
      expect(await read(test, bearer(`${TOKEN}x`))).toBe(401);
      expect(await read(test, bearer(TOKEN), '10.0.0.7')).toBe(200);
      const operator = await createUser(test, { role: 'operator' });
      expect(await read(test, bearer(operator.apiKey), '10.0.0.7')).toBe(200);
      const other = await test.app.inject({ url: '/api/coins/account', headers: bearer(TOKEN) });
      expect(other.statusCode).toBe(401);
    } finally {
      await test.close();
    }
  });

  it('in production nobody without a credential', async () => {
    const test = await createTestApp({
      NODE_ENV: 'production',
      LOCKKEEPER_SECRET: 'a secret of this test that is long enough',
    });
    try {
      expect(await read(test)).toBe(401);
    } finally {
      await test.close();
    }
  });
});
