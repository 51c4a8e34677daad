import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Connection, Load } from '../factories/load.js';
import { MetricsText } from '../factories/metrics.js';
import { OwnMariadb } from '../factories/own-mariadb.js';
import { OwnRedis } from '../factories/own-redis.js';
import { createProduct, type Product } from '../factories/product.js';
import { Administrator } from '../factories/product-users.js';
import { TestInstallation } from '../factories/test-installation.js';
import { waitUntil } from '../factories/wait.js';

const INSTANCES = 4;
/** Each process boots in turn. */
const TIMEOUT_MS = 5 * 60_000;
const TOKEN = 'the-token-of-this-test';
const LOAD_REQUESTS = 400;
const TURNS = 20;
/** The promise is 300 ms; a test machine that does other things besides gets some grace. */
const SCRAPE_MS = 3_000;
/** Several connections reach several instances: PM2's cluster gives them out in turn. */
const SCRAPERS = 12;

describe('the metrics of the built product under PM2', { timeout: TIMEOUT_MS }, () => {
  let mariadb: OwnMariadb;
  let redis: OwnRedis;
  let product: Product;
  let installation: TestInstallation;
  let apiKey: string;

  beforeAll(async () => {
    [mariadb, redis] = await Promise.all([OwnMariadb.start(), OwnRedis.start()]);
    product = await createProduct({
      LOCKKEEPER_DATABASE_URL: mariadb.url,
      LOCKKEEPER_REDIS_URL: redis.url,
      LOCKKEEPER_METRICS_TOKEN: TOKEN,
      PM2_API_INSTANCES: String(INSTANCES),
    });
    installation = await TestInstallation.create();
    const started = pm2('start');
    expect(await started.exitCode, started.output()).toBe(0);
    const administrator = await Administrator.of(product, installation.url);
    apiKey = (await administrator.createUser('1000')).apiKey;
  }, TIMEOUT_MS);
  afterAll(async () => {
    redis.thaw();
    await pm2('stop').exitCode;
    await installation.remove();
    await product.dispose();
    await Promise.all([mariadb.dispose(), redis.dispose()]);
  }, TIMEOUT_MS);

  const pm2 = (...args: string[]) => installation.run('pm2.mjs', args, product.environment);

  /** What the instance says that a new connection reaches. */
  async function scrape(): Promise<MetricsText> {
    const connection = new Connection(installation.url);
    try {
      const { status, body } = await connection.send('GET', '/metrics', { authorization: `Bearer ${TOKEN}` });
      if (status !== 200) throw new Error(`${status} ${body}`);
      return new MetricsText(body);
    } finally {
      connection.close();
    }
  }
  /** One after the other: on a machine that has much to do, a process that is asked by many at once is late. */
  async function scrapeOften(): Promise<MetricsText[]> {
    const readings: MetricsText[] = [];
    while (readings.length < SCRAPERS) readings.push(await scrape());
    return readings;
  }
  const pidOf = (name: string) => {
    const directory = join(installation.dataDirectory, 'pm2', 'pids');
    const file = readdirSync(directory).find((candidate) => candidate.startsWith(`${name}-`));
    return Number(readFileSync(join(directory, file ?? ''), 'utf8'));
  };
  const processes = [...Array.from({ length: INSTANCES }, (_, n) => `api-${n}`), 'worker-0'];

  it('name every process, and each once', async () => {
    const metrics = await scrape();
    const up = metrics.find('lockkeeper_process_up');
    expect(up.map(({ labels, value }) => `${labels['process']} ${value}`)).toEqual(
      processes.map((name) => `${name} 1`),
    );
    expect(metrics.find('process_cpu_seconds_total')).toHaveLength(INSTANCES + 1);
    expect(metrics.find('lockkeeper_job_duration_seconds_count').every(isOfWorker)).toBe(true);
  });

  it('have the totals that the load counted, whichever instance answers, and gauges once', async () => {
    const load = new Load(installation.url);
    const headers = { authorization: `Bearer ${apiKey}` };
    const expectStatus = async (connection: Connection, path: string, expected: number) => {
      const { status, body } = await connection.send('GET', path, headers);
      if (status !== expected) throw new Error(`${status} ${body}`);
    };
    for (let client = 0; client < 8; client++) {
      load.add('account', (connection) => expectStatus(connection, '/api/coins/account', 200));
      load.add('missing', (connection) => expectStatus(connection, `/api/nothing/${client}`, 404), 5);
    }
    for (let client = 0; client < 4; client++) {
      load.add('chat', async (connection) => {
        const { status, body } = await connection.send('POST', '/v1/chat/completions', headers, {
          model: 'local:tokens=5,delay_ms=1',
          messages: [{ role: 'user', content: 'Hello' }],
        });
        if (status !== 200) throw new Error(`${status} ${body}`);
      });
    }
    const answered = (kind: string) => load.answered[kind] ?? 0;
    await waitUntil(
      'enough load',
      () =>
        answered('account') > LOAD_REQUESTS &&
        answered('missing') > LOAD_REQUESTS &&
        answered('chat') > TURNS,
      60_000,
    );
    await load.stop();
    expect(load.failures).toEqual([]);

    const requests = 'lockkeeper_http_requests_total';
    const totals = (metrics: MetricsText) => ({
      account: metrics.sum(requests, { route: '/api/coins/account', method: 'GET', status: '200' }),
      missing: metrics.sum(requests, { route: 'unmatched', method: 'GET', status: '404' }),
      chat: metrics.sum(requests, { route: '/v1/chat/completions', method: 'POST', status: '200' }),
      timed: metrics.sum('lockkeeper_http_request_duration_seconds_count', { route: '/api/coins/account' }),
      turns: metrics.sum('lockkeeper_turns_total', { status: 'complete' }),
      saved: metrics.sum('lockkeeper_saved_turns_total'),
    });
    const expected = {
      account: answered('account'),
      missing: answered('missing'),
      chat: answered('chat'),
      timed: answered('account'),
      turns: answered('chat'),
      saved: answered('chat'),
    };
    // A reading is kept for a second, so some may still have one from before the last save.
    const readings = await waitUntil(
      'readings of now from all',
      async () => {
        const all = await scrapeOften();
        const isWhole = (reading: MetricsText) =>
          reading.sum('lockkeeper_process_up') === INSTANCES + 1 && totals(reading).saved === expected.saved;
        return all.every(isWhole) && all;
      },
      60_000,
    );
    for (const reading of readings) {
      expect(totals(reading)).toEqual(expected);
      const answering = reading.find(requests, { route: '/api/coins/account', status: '200' });
      // Which connection goes to which instance is PM2's business; one alone would prove nothing.
      expect(answering.length).toBeGreaterThan(1);
      for (const name of ['lockkeeper_parked_conversations', 'lockkeeper_redis_up', 'lockkeeper_mysql_up']) {
        expect(reading.find(name), name).toHaveLength(1);
      }
      expect(reading.find('lockkeeper_queue_jobs', { queue: 'message_index', state: 'failed' })).toHaveLength(
        1,
      );
      expect(reading.find('lockkeeper_saved_turns_total').every(isOfAnyProcess)).toBe(true);
    }
  });

  it('answer in time while a worker hangs, and say so', async () => {
    const pid = pidOf('worker');
    process.kill(pid, 'SIGSTOP');
    try {
      await waitUntil('the worker down', async () => {
        const startedAt = performance.now();
        const metrics = await scrape();
        expect(performance.now() - startedAt).toBeLessThan(SCRAPE_MS);
        return metrics.value('lockkeeper_process_up', { process: 'worker-0' }) === 0;
      });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await waitUntil('the worker up', async () => {
      return (await scrape()).value('lockkeeper_process_up', { process: 'worker-0' }) === 1;
    });
  });

  it('have the same name for a process that was killed and started again, and count that', async () => {
    const pid = pidOf('worker');
    process.kill(pid, 'SIGKILL');
    await waitUntil(
      'the new worker',
      async () => {
        const metrics = await scrape();
        const isUp = metrics.value('lockkeeper_process_up', { process: 'worker-0' }) === 1;
        return isUp && metrics.value('lockkeeper_process_restarts_total', { process: 'worker-0' }) === 1;
      },
      60_000,
    );
    expect(pidOf('worker')).not.toBe(pid);
  });

  it('keep the names over a reload', async () => {
    const reloaded = pm2('reload');
    expect(await reloaded.exitCode, reloaded.output()).toBe(0);
    await waitUntil('the names', async () => {
      const names = (await scrape()).find('lockkeeper_process_up').map(({ labels }) => labels['process']);
      return names.join() === processes.join();
    });
    const metrics = await scrape();
    expect(metrics.value('lockkeeper_process_restarts_total', { process: 'api-2' })).toBe(1);
  });

  it('come while Redis hangs and MySQL is stopped', async () => {
    redis.freeze();
    await mariadb.stop();
    const metrics = await waitUntil('both down', async () => {
      const startedAt = performance.now();
      const now = await scrape();
      expect(performance.now() - startedAt).toBeLessThan(SCRAPE_MS);
      return now.value('lockkeeper_redis_up') === 0 && now.value('lockkeeper_mysql_up') === 0 && now;
    });
    expect(metrics.find('lockkeeper_process_up')).toHaveLength(INSTANCES + 1);
    expect(metrics.sum('lockkeeper_http_requests_total', { route: '/metrics' })).toBeGreaterThan(0);
    redis.thaw();
    await mariadb.startAgain();
    await waitUntil('both back', async () => {
      const now = await scrape();
      return now.value('lockkeeper_redis_up') === 1 && now.value('lockkeeper_mysql_up') === 1;
    });
  });
});

function isOfWorker({ labels }: { labels: Readonly<Record<string, string>> }): boolean {
  return labels['process'] === 'worker-0';
}

function isOfAnyProcess({ labels }: { labels: Readonly<Record<string, string>> }): boolean {
  return labels['process'] !== undefined;
}
