import { setTimeout as delay } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expressionsOf, metricNamesIn, readAlertRules, readBoards } from '../factories/monitoring-files.js';
import { TestPrometheus } from '../factories/prometheus.js';
import { hurryRules, WatchedProduct } from '../factories/watched-product.js';
import { waitUntil } from '../factories/wait.js';

/** A machine that is busy with other tests takes its time; by itself all of it takes about two minutes. */
const LONG_MS = 300_000;
/** Turns and jobs are called late after 10 s, logs after 60, tasks of seconds after 70. */
const NOBODY_WORKS_MS = 100_000;
/** Each document is read in a process of its own, and a handful of them have to fail in both workers. */
const UNREADABLE_MS = 100_000;

/** What is not made real here, and why; promtool's cases hold these alone. */
const notMadeReal: Record<string, string> = {
  LockkeeperMemoryHigh: 'a process would have to be given 1 GB on a machine that has other tests to run',
  LockkeeperMemoryCritical: 'likewise 1.3 GB',
  LockkeeperDiskFull: 'the disk of the machine would have to be filled',
  LockkeeperScheduleAbandonedRuns: 'the shortest hard limit of a task is minutes',
};

let watched: WatchedProduct;
beforeAll(async () => {
  watched = await WatchedProduct.start({
    LOCKKEEPER_LOGS_BACKLOG_BYTES: '20000',
    LOCKKEEPER_SCHEDULE_LEASE_MS: '3000',
    LOCKKEEPER_SCHEDULE_RECONCILE_MS: '1000',
    LOCKKEEPER_SCHEDULE_STABLE_MS: '1000',
  });
}, LONG_MS);
afterAll(() => watched?.dispose(), LONG_MS);

/** Stops a process again and again for a moment, as a machine does that has too much to do, until `isEnough`. */
async function holdUp({ pid = 0 }: { pid?: number | undefined }, isEnough: () => boolean): Promise<void> {
  while (!isEnough()) {
    process.kill(pid, 'SIGSTOP');
    await delay(700);
    process.kill(pid, 'SIGCONT');
    // It has to get around to telling of it.
    await delay(700);
  }
}

/** Locks a table while `work` is done. */
const whileLocked = (table: string, work: () => Promise<void>) =>
  watched.withConnection(async (connection) => {
    await connection.query(`LOCK TABLES ${table} WRITE`);
    await work();
    await connection.query('UNLOCK TABLES');
  });

const queue = async (work: (queue: Queue) => Promise<unknown>) => {
  const { port } = new URL(watched.redis.url);
  const index = new Queue('message_index', {
    connection: { host: '127.0.0.1', port: Number(port) },
    prefix: '{lockkeeper}',
  });
  await work(index);
  await index.close();
};

/** Redis forgets, evicts, fills, and is away again and again. */
async function troubleRedis(): Promise<void> {
  await watched.withRedis(async (client) => {
    const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
    await client.config('SET', 'maxmemory', String(Math.round(used * 1.15)));
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await client.config('SET', 'appendonly', 'no');
    await watched.awaitAlerts(['RedisEvicting', 'RedisForgetful', 'RedisMemoryHigh']);
    await client.config('SET', 'appendonly', 'yes');
    await client.config('SET', 'maxmemory-policy', 'noeviction');
    await client.config('SET', 'maxmemory', '0');
  });
  for (let times = 0; times < 5; times++) {
    watched.redis.freeze();
    await watched.awaitTrue('lockkeeper_redis_up == 0');
    watched.redis.thaw();
    await watched.awaitTrue('lockkeeper_redis_up == 1');
  }
  await watched.awaitAlerts(['RedisDown', 'RedisUnsteady']);
}

/** Uploads documents that nobody can read, one after the other, until `isEnough`. */
async function uploadBroken(isEnough: () => boolean): Promise<void> {
  for (let number = 0; !isEnough(); number++) {
    expect(await watched.upload(`broken-${number}.pdf`, `%PDF-1.7\nThere is no document ${number}.`)).toBe(
      201,
    );
    // A document for each look of Prometheus is enough: it has to see the numbers grow.
    await delay(300);
  }
}

/** Every holder of the schedules' lease loses it, as one does that hangs. */
async function changeHandsOften(): Promise<void> {
  for (let hands = 0; hands < 5; hands++) {
    const [before] = await watched.prometheus.query('lockkeeper_schedule_lease_epoch');
    await watched.sql(`UPDATE schedule_lease SET expires_at = '1970-01-01', holder = UUID()`);
    await watched.awaitTrue(`lockkeeper_schedule_lease_epoch > ${before?.value}`);
  }
}

/** A process that ends again and again, as one does that runs out of memory. */
async function restartOften(): Promise<void> {
  for (let times = 0; times < 5; times++) {
    const other = await watched.product.startApi();
    await watched.awaitTrue(`lockkeeper_process_restarts_total{process="api-1"} == ${times}`);
    await other.kill();
  }
}

/** What shows within seconds when nobody works. */
async function awaitWaiting(): Promise<void> {
  await watched.awaitAlerts([
    'ProcessLost',
    'ProcessStuck',
    'NoWorker',
    'SavesLate',
    'QueueLate',
    'NoProgress',
  ]);
  await watched.awaitAlerts(['LogBacklogLarge', 'LogsRefused', 'LogBooksOpen', 'ErrorsFast', 'ErrorsSlow']);
  await watched.awaitAlerts(['ScheduleUnattended']);
}

describe('a real Prometheus that scrapes the real product', { timeout: LONG_MS }, () => {
  it('fires nothing while all is well', async () => {
    await watched.chat();
    expect(await watched.log('Well')).toBe(200);
    await watched.awaitTrue('sum(lockkeeper_logs_stored_lines_total) >= 1');
    expect(await watched.call('GET', '/api/logs/d')).toBe(200);
    expect(await watched.call('POST', '/api/admin/schedules/reconcile-books/run')).toBeLessThan(300);
    await watched.awaitTrue('sum(lockkeeper_saved_turns_total) >= 1');
    await watched.awaitTrue('lockkeeper_coin_reconciled_timestamp_seconds > 0');
    await watched.awaitTrue('sum(lockkeeper_jobs_total{exported_job="search.index-turns.v1"}) >= 1');
    await watched.awaitTrue('count(lockkeeper_process_up == 1) == 3');
    await watched.awaitTrue('max(lockkeeper_processes{role="worker",state="alive"}) == 2');
    // Without their patience the alerts also tell of a moment's delay on a busy machine.
    await waitUntil('silence', async () => (await watched.noteAlerts()).length === 0);
    watched.fired.clear();
  });

  it('tells of what an operator has to decide', async () => {
    await watched.sql(`ALTER TABLE logs ADD CONSTRAINT refuse_poison CHECK (message <> 'Poison')`);
    await watched.sql(
      `CREATE TRIGGER refuse_poison BEFORE INSERT ON conversation_messages FOR EACH ROW
       IF NEW.content = 'Poison' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'poison'; END IF`,
    );
    expect(await watched.log('Poison')).toBe(200);
    await watched.chat('Poison');
    await watched.sql('UPDATE coin_accounts SET balance = balance + 1 WHERE id = ?', [watched.user.id]);
    await watched.sql('RENAME TABLE message_index TO message_index_gone, erasures TO erasures_gone');
    await watched.chat();
    await queue((index) => index.add('nobody-knows-this.v1', {}));
    expect(await watched.call('POST', '/api/admin/schedules/reconcile-books/run')).toBeLessThan(300);
    expect(await watched.call('POST', '/api/admin/schedules/retain-logs/pause')).toBe(200);
    await watched.awaitAlerts([
      'LogsQuarantined',
      'ParkedConversations',
      'BooksDisagree',
      'FailedJobs',
      'JobsFailing',
      'ScheduleFailed',
      'SchedulePaused',
    ]);
    await watched.sql('RENAME TABLE message_index_gone TO message_index, erasures_gone TO erasures');
    await watched.sql('UPDATE coin_reconciliations SET finished_at = finished_at - INTERVAL 3 HOUR');
    await queue((index) => index.pause());
    await watched.chat();
    await watched.awaitAlerts(['BooksUnchecked', 'QueuePaused']);
    await queue((index) => index.resume());
  });

  it('tells that the tasks of a queue fail for good', async () => {
    let isAwaited = true;
    await Promise.all([
      uploadBroken(() => !isAwaited),
      watched.awaitAlerts(['TasksFailing'], UNREADABLE_MS).finally(() => (isAwaited = false)),
    ]);
    expect(watched.fired.get('LockkeeperTasksFailing')?.labels['queue']).toBe('file_processing');
  });

  it('tells that what runs is slow', async () => {
    const many = Array.from({ length: 12 });
    await watched.withConnection(async (connection) => {
      await connection.beginTransaction();
      await connection.query('SELECT id FROM coin_accounts WHERE id = ? FOR UPDATE', [watched.user.id]);
      const grants = many.map(() =>
        watched.call('POST', `/api/coins/accounts/${watched.user.id}/grants`, {
          amount: '1',
          reason: 'adjustment',
        }),
      );
      // What is watched is how long they wait.
      await delay(1_500);
      await connection.rollback();
      for (const status of await Promise.all(grants)) expect(status).toBeLessThan(300);
    });
    await watched.awaitAlerts(['CoinsWait', 'SlowRequests']);
    let isAwaited = true;
    await Promise.all([
      holdUp(watched.workers[0]?.child ?? expect.fail(), () => !isAwaited),
      watched.awaitAlerts(['EventLoopLag']).finally(() => (isAwaited = false)),
    ]);
  });

  it('tells of schedules that are late, change hands or go on without Redis', async () => {
    await whileLocked('erasures', async () => {
      const runs = Array.from({ length: 5 }, () =>
        watched.call('POST', '/api/admin/schedules/erase-data/run'),
      );
      for (const status of await Promise.all(runs)) expect(status).toBeLessThan(300);
      expect(await watched.call('POST', '/api/admin/scheduler/drill', { seconds: 10 })).toBe(200);
      await watched.awaitAlerts(['ScheduleFallback']);
      // What is watched is how long the runs wait.
      await Promise.all([changeHandsOften(), delay(16_500)]);
      await watched.awaitAlerts(['ScheduleLeaseChurn']);
    });
    await watched.awaitAlerts(['ScheduleLate']);
  });

  it('tells of MySQL that is away', async () => {
    await watched.mysql.cut();
    await waitUntil('a log taken in', async () => (await watched.log('Waits')) === 200);
    await watched.awaitAlerts(['MysqlDown', 'ScheduleDatabaseAway', 'LogWritersStalled']);
    await watched.mysql.restore();
    await watched.awaitTrue('lockkeeper_mysql_up == 1');
    await watched.awaitTrue('lockkeeper_schedule_lease_held == 1');
  });

  it('tells that nobody works, by all that waits, and of Redis', async () => {
    const [killed, stopped] = watched.workers;
    await killed?.kill();
    stopped?.child.kill('SIGSTOP');
    await watched.chat();
    await watched.log('Waits');
    await watched.withRedis(async (client) => {
      const [entry] = await client.xrange('logs:stream', '-', '+', 'COUNT', 1);
      expect(await client.xdel('logs:stream', entry?.[0] ?? '')).toBe(1);
    });
    await waitUntil('no room for logs', async () => (await watched.log('m'.repeat(1_500))) === 503);
    // A count that begins has not grown yet.
    await watched.awaitTrue('lockkeeper_http_requests_total{route="/api/log",status="503"} > 0');
    for (let more = 0; more < 10; more++) expect(await watched.log('m'.repeat(1_500))).toBe(503);
    await Promise.all([restartOften(), awaitWaiting()]);
    // No process starts on a Redis that evicts.
    await troubleRedis();
    await watched.awaitAlerts(['Restarts']);
    await watched.awaitAlerts(['LogsLate', 'ScheduleOverdue'], NOBODY_WORKS_MS);
    stopped?.child.kill('SIGCONT');
  });

  it('knows every metric that a rule or a board names', async () => {
    const expressions = [...readAlertRules().map(({ expr }) => expr), ...readBoards().flatMap(expressionsOf)];
    const named = new Set(expressions.flatMap(metricNamesIn));
    expect(named.size).toBeGreaterThan(50);
    // What has not been counted yet is declared all the same, once the worker that was stopped answers again.
    const unknown = async () => {
      const known = [...(await watched.prometheus.metricNames()), ...(await watched.declaredMetrics())];
      return [...named].filter((name) => !known.includes(name));
    };
    await waitUntil('no unknown metric', async () => (await unknown()).length === 0).catch(async () =>
      expect(await unknown()).toEqual([]),
    );
    for (const expr of expressions) await watched.prometheus.query(expr);
  });

  it('tells that it is answered by nobody, or asks nobody', async () => {
    const blind = await TestPrometheus.start({
      targets: [],
      token: 'none',
      intervalSeconds: 1,
      transformRules: hurryRules,
    });
    const names = async () => (await blind.alerts()).map(({ labels }) => labels['alertname']);
    await waitUntil('the alert', async () => (await names()).includes('LockkeeperNotScraped'));
    watched.fired.set('LockkeeperNotScraped', (await blind.alerts())[0] ?? expect.fail());
    await blind.dispose();
    await watched.api.kill();
    await watched.awaitAlerts(['ApiUnreachable']);
  });

  it('has fired every alert but those that cannot be made real here', () => {
    const names = readAlertRules().map(({ name }) => name);
    expect(Object.keys(notMadeReal).filter((name) => !names.includes(name))).toEqual([]);
    expect(names.filter((name) => !watched.fired.has(name)).sort()).toEqual(Object.keys(notMadeReal).sort());
  });

  it('says in words what is the matter', () => {
    for (const [name, { annotations }] of watched.fired) {
      for (const text of [annotations['summary'], annotations['description']]) {
        expect(text, name).toMatch(/\S/);
        expect(text, name).not.toMatch(/<error|<no value>|\{\{|NaN|%!/);
      }
    }
  });
});
