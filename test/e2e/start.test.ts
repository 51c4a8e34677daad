import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { firstAnswer } from '../../scripts/lib/ports.mjs';
import { isRunning } from '../../scripts/lib/processes.mjs';
import {
  killOutright,
  type RunningCommand,
  START_TIMEOUT_MS,
  TestInstallation,
  waitForOutput,
} from '../factories/test-installation.js';

/** Runs the command that `npm start` prints, as pasted. */
async function pasteCurl(output: string): Promise<string> {
  const line = /^ *(curl -N .*)$/m.exec(output)?.[1];
  if (!line) throw new Error(`no curl line in:\n${output}`);
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', line], { timeout: 30_000 });
  return stdout;
}

function servers(installation: TestInstallation) {
  const path = join(installation.dataDirectory, 'servers.json');
  return JSON.parse(readFileSync(path, 'utf8')) as Record<
    'database' | 'redis',
    { port: number; password: string }
  >;
}

describe('npm start', () => {
  let installation: TestInstallation;
  let launcher: RunningCommand;

  beforeAll(async () => {
    installation = await TestInstallation.create();
    launcher = await installation.start();
  });

  afterAll(() => installation.remove());

  it('serves the API once it says so', async () => {
    const response = await fetch(`${installation.url}/health/ready`);
    expect(response.status).toBe(200);
  });

  it('prints a curl line that streams an answer as pasted', async () => {
    const answer = await pasteCurl(launcher.output());
    expect(answer).toContain('"object":"chat.completion.chunk"');
    expect(answer.trimEnd()).toMatch(/data: \[DONE\]$/);
  });

  it('keeps the credentials it prints in a file for its owner alone', () => {
    const credentials = installation.credentials();
    expect(credentials).toEqual({
      url: installation.url,
      email: expect.stringContaining('@'),
      password: expect.stringMatching(/^.{20,}$/),
      api_key: expect.stringMatching(/^lk_/),
    });
    for (const value of Object.values(credentials)) expect(launcher.output()).toContain(value);
  });

  it('lets nobody else read its data', () => {
    const modes = readdirSync(installation.dataDirectory).map((name) => {
      return [name, statSync(join(installation.dataDirectory, name)).mode & 0o077];
    });
    expect(modes).toEqual(modes.map(([name]) => [name, 0]));
    expect(statSync(installation.dataDirectory).mode & 0o077).toBe(0);
  });

  it('runs servers that want a password', async () => {
    const { database, redis } = servers(installation);
    const where = { host: '127.0.0.1', port: database.port };
    for (const user of ['root', 'lockkeeper', 'mysql']) {
      await expect(createConnection({ ...where, user })).rejects.toThrow(/Access denied|denied/);
    }
    const answer = await firstAnswer({ host: '127.0.0.1', port: redis.port, send: 'PING\r\n' });
    expect(answer?.toString()).toContain('NOAUTH');
  });

  it('runs a Redis that evicts nothing and keeps an append-only file', async () => {
    const { port, password } = servers(installation).redis;
    const client = new Redis({ port, password });
    const settings = await Promise.all(
      ['maxmemory-policy', 'appendonly', 'appendfsync'].map((name) => client.config('GET', name)),
    );
    client.disconnect();
    expect(settings.flat()).toEqual([
      'maxmemory-policy',
      'noeviction',
      'appendonly',
      'yes',
      'appendfsync',
      'everysec',
    ]);
  });

  it('refuses a second start on the same data directory', async () => {
    const second = installation.run('start.mjs', ['--no-install'], { PORT: String(installation.port + 1) });
    expect(await second.exitCode).toBe(1);
    expect(second.output()).toContain(`already runs on the data directory ${installation.dataDirectory}`);
    expect((await fetch(`${installation.url}/health/ready`)).status).toBe(200);
  });

  it('finds nothing wrong with itself', async () => {
    const doctor = installation.run('doctor.mjs', ['--json']);
    expect(await doctor.exitCode, doctor.output()).toBe(0);
    const checks = (JSON.parse(doctor.output()) as { findings: Array<{ check: string; status: string }> })
      .findings;
    expect(checks.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(checks.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        'port',
        'file modes',
        'database',
        'migrations',
        'redis policy',
        'redis AOF',
        'API',
        'worker',
      ]),
    );
  });

  it('reconciles and verifies its coins while it runs, and says by its exit code what came of it', async () => {
    const commands = [
      installation.run('coins.mjs', ['reconcile', '--json']),
      installation.run('coins.mjs', ['verify', '--json']),
    ];
    const codes = await Promise.all(commands.map((command) => command.exitCode));
    const reports = commands.map((command) => JSON.parse(command.output()) as object);
    expect(reports).toMatchObject([{ is_clean: true }, { is_whole: true }]);
    expect(codes).toEqual([0, 0]);
    const { port, password } = servers(installation).database;
    const database = await createConnection({
      host: '127.0.0.1',
      port,
      user: 'lockkeeper',
      password,
      database: 'lockkeeper',
    });
    const setDebt = (debt: number) => database.query('UPDATE coin_accounts SET debt = ?', [debt]);
    await setDebt(1);
    const after = installation.run('coins.mjs', ['reconcile']);
    expect([await after.exitCode, after.output()]).toEqual([1, expect.stringContaining('debt: 1.')]);
    await setDebt(0);
    await database.end();
  });

  it.each(['worker', 'api', 'redis', 'mariadb'])('starts %s again when it dies', async (name) => {
    const before = installation.process(name);
    await killOutright(before?.pid);
    await waitForOutput(launcher, `${name} runs again.`);
    expect(installation.process(name)?.pid).not.toBe(before?.pid);
    await vi.waitUntil(async () => (await fetch(`${installation.url}/health/ready`)).ok, START_TIMEOUT_MS);
  });

  it('is stopped, with all it started, by npm run stop', async () => {
    const processes = installation.processes();
    expect(processes).toHaveLength(4);
    const stop = installation.run('stop.mjs');
    expect(await stop.exitCode).toBe(0);
    expect(await launcher.exitCode).toBe(0);
    expect(processes.filter(isRunning)).toEqual([]);
    await expect(fetch(installation.url)).rejects.toThrow('fetch failed');
  });

  it('has nothing to stop when nothing runs', async () => {
    const stop = installation.run('stop.mjs');
    expect(await stop.exitCode).toBe(0);
    expect(stop.output()).toContain('Nothing runs');
  });
});

describe('npm start after the launcher was killed', () => {
  let installation: TestInstallation;

  beforeAll(async () => {
    installation = await TestInstallation.create();
  });

  afterAll(() => installation.remove());

  it('replaces what was left running and has the data of before', async () => {
    const first = await installation.start();
    const left = installation.processes();
    const credentials = installation.credentials();
    await killOutright(first.child.pid);
    expect(left.every(isRunning)).toBe(true);

    const second = await installation.start();
    expect(left.filter(isRunning)).toEqual([]);
    expect(installation.processes()).toHaveLength(4);
    expect(installation.credentials()).toEqual(credentials);
    // The API key of before is in the database of before.
    expect(await pasteCurl(second.output())).toContain('[DONE]');
  });

  it('npm run stop ends what was left running', async () => {
    const launcher = JSON.parse(readFileSync(join(installation.dataDirectory, 'launcher.json'), 'utf8')) as {
      identity: { pid: number };
    };
    const left = installation.processes();
    await killOutright(launcher.identity.pid);
    expect(await installation.run('stop.mjs').exitCode).toBe(0);
    expect(left.filter(isRunning)).toEqual([]);
  });
});

describe('npm start that was cut short while it made the administrator', () => {
  let installation: TestInstallation;

  beforeAll(async () => {
    installation = await TestInstallation.create();
  });

  afterAll(() => installation.remove());

  it('still has the password, and a key that works', async () => {
    await installation.start();
    await installation.run('stop.mjs').exitCode;
    const { email, password, api_key: lostKey } = installation.credentials();
    const { dataDirectory } = installation;
    rmSync(join(dataDirectory, 'credentials.json'));
    writeFileSync(join(dataDirectory, 'credentials.pending.json'), JSON.stringify({ email, password }));

    const start = await installation.start();
    expect(installation.credentials()).toMatchObject({ email, password });
    expect(installation.credentials().api_key).not.toBe(lostKey);
    expect(await pasteCurl(start.output())).toContain('[DONE]');
  });
});

describe('npm start that cannot go on', () => {
  let installation: TestInstallation;

  beforeAll(async () => {
    installation = await TestInstallation.create();
  });

  afterAll(() => installation.remove());

  it('says what to install on a machine without servers', async () => {
    const start = installation.run('start.mjs', [
      '--no-install',
      '--server-path',
      installation.dataDirectory,
    ]);
    expect(await start.exitCode).toBe(1);
    expect(start.output()).toContain('apt-get install mariadb-server redis-server');
    expect(start.output()).not.toMatch(/\n\s+at /);
  });

  it('says who holds its port', async () => {
    const { createServer } = await import('node:net');
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(installation.port, '127.0.0.1', resolve));
    const start = installation.run('start.mjs', ['--no-install']);
    expect(await start.exitCode).toBe(1);
    expect(start.output()).toContain(`127.0.0.1:${installation.port} cannot be used`);
    other.close();
  });

  it('stops what it had started when it is told to stop half-way', async () => {
    const start = installation.run('start.mjs', ['--no-install']);
    await vi.waitUntil(() => installation.process('mariadb') !== null, START_TIMEOUT_MS);
    const started = installation.processes();
    start.child.kill('SIGTERM');
    expect(await start.exitCode).toBe(143);
    expect(started.filter(isRunning)).toEqual([]);
    expect(installation.processes()).toEqual([]);
  });
});
