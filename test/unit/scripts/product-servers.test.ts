import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readSettings } from '../../../scripts/lib/environment.mjs';
import { startServers } from '../../../scripts/lib/product-servers.mjs';

let directory: string;
let parts: Array<{ name: string; stop: () => Promise<void> }>;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lockkeeper-servers-'));
  mkdirSync(join(directory, 'bin'));
  vi.stubEnv('PATH', `${join(directory, 'bin')}${delimiter}${process.env['PATH']}`);
  parts = [];
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

/** A Docker that writes down how it was called; its commands succeed unless their name is among the failing. */
function fakeDocker(...failing: string[]) {
  const path = join(directory, 'bin', 'docker');
  const calls = join(directory, 'calls');
  writeFileSync(
    path,
    `#!/bin/sh
echo "$* MYSQL=$MYSQL_PUBLISHED_PORT/$MYSQL_PASSWORD REDIS=$REDIS_PUBLISHED_PORT" >> ${calls}
for failing in ${failing.join(' ')}; do
  case " $* " in *" $failing "*) echo "fake $failing failed" >&2; exit 1;; esac
done
`,
  );
  chmodSync(path, 0o755);
}

function dockerCalls(): string[] {
  const path = join(directory, 'calls');
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
}

/** On a machine without MariaDB and Redis. */
function start(env: Record<string, string> = {}) {
  const settings = readSettings({ LOCKKEEPER_DATA_DIR: directory, ...env }, join(directory, 'no.env'));
  return startServers({
    settings,
    directories: [],
    mayInstall: false,
    register: (part) => parts.push(part),
    onGiveUp: vi.fn<(message: string) => void>(),
  });
}

describe('the servers of the product', () => {
  it('are those the operator names, and nothing is started', async () => {
    fakeDocker();
    const named = { LOCKKEEPER_DATABASE_URL: 'mysql://u:p@db/x', LOCKKEEPER_REDIS_URL: 'redis://r/0' };
    expect(await start(named)).toEqual({ databaseUrl: 'mysql://u:p@db/x', redisUrl: 'redis://r/0' });
    expect(dockerCalls()).toEqual([]);
    expect(parts).toEqual([]);
  });

  it('are containers when a Docker engine answers', async () => {
    fakeDocker();
    const urls = await start();
    const up = dockerCalls().find((call) => call.includes(' up -d --wait mysql redis '));
    const [, mysqlPort, password, redisPort] = /MYSQL=(\d+)\/(\w+) REDIS=(\d+)/.exec(up ?? '') ?? [];
    expect(urls).toEqual({
      databaseUrl: `mysql://lockkeeper:${password}@127.0.0.1:${mysqlPort}/lockkeeper`,
      redisUrl: `redis://127.0.0.1:${redisPort}/0`,
    });
    expect(statSync(join(directory, 'servers.json')).mode & 0o777).toBe(0o600);
  });

  it('in containers keep their ports and passwords, and are stopped but not removed', async () => {
    fakeDocker();
    const first = await start();
    for (const part of parts) await part.stop();
    expect(dockerCalls().at(-1)).toMatch(/^compose .* stop mysql redis /);
    expect(await start()).toEqual(first);
  });

  it('are found one by one when only one is named', async () => {
    fakeDocker();
    const { redisUrl } = await start({ LOCKKEEPER_REDIS_URL: 'redis://r/0' });
    expect(redisUrl).toBe('redis://r/0');
    expect(dockerCalls().at(-1)).toContain(' up -d --wait mysql MYSQL=');
  });

  it('stay in Docker once they are there, even when it does not answer', async () => {
    fakeDocker();
    await start();
    fakeDocker('info');
    await expect(start()).rejects.toThrow('the Docker engine does not answer');
  });

  it('stay where they are once they are private, even when Docker answers', async () => {
    const record = { kind: 'private', password: 'p' };
    writeFileSync(join(directory, 'servers.json'), JSON.stringify({ database: record, redis: record }));
    fakeDocker();
    await expect(start()).rejects.toThrow('This machine lacks');
    expect(dockerCalls()).toEqual([]);
  });

  it('are looked for elsewhere when Docker cannot start them the first time', async () => {
    fakeDocker('up');
    await expect(start()).rejects.toThrow('This machine lacks');
    expect(existsSync(join(directory, 'servers.json'))).toBe(false);
  });

  it('that are missing are all named at once', async () => {
    fakeDocker('info');
    await expect(start()).rejects.toThrow('sudo apt-get install mariadb-server redis-server');
  });
});
