import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identifyProcess } from '../../scripts/lib/processes.mjs';
import { type Connection, Load } from '../factories/load.js';
import { createProduct, type Product } from '../factories/product.js';
import { Administrator } from '../factories/product-users.js';
import { openDatabase } from '../factories/test-database.js';
import { type RunningCommand, TestInstallation } from '../factories/test-installation.js';
import { waitUntil } from '../factories/wait.js';

const RELOADS = 2;
/** Each process boots in turn. */
const TIMEOUT_MS = 5 * 60_000;

async function expectSuccess(command: RunningCommand): Promise<void> {
  expect(await command.exitCode, command.output()).toBe(0);
}

describe('the built product under PM2', { timeout: TIMEOUT_MS }, () => {
  let product: Product;
  let installation: TestInstallation;
  let load: Load;

  beforeAll(async () => {
    product = await createProduct();
    installation = await TestInstallation.create();
    load = new Load(installation.url);
  });
  afterAll(async () => {
    await load.stop();
    await pm2('stop').exitCode;
    await installation.remove();
    await product.dispose();
  });

  function pm2(...args: string[]): RunningCommand {
    return installation.run('pm2.mjs', args, { ...product.environment, PM2_API_INSTANCES: '2' });
  }

  /** The pids of the processes that PM2 has running, by their names: api-0, worker-1 and the like. */
  function pids(): Record<string, number> {
    const directory = join(installation.dataDirectory, 'pm2', 'pids');
    const files = readdirSync(directory).filter((name) => !name.includes('_old_'));
    return Object.fromEntries(
      files.map((name) => [name.replace('.pid', ''), Number(readFileSync(join(directory, name), 'utf8'))]),
    );
  }

  it('starts two API processes and a worker, and says that it did', async () => {
    const command = pm2('start');
    await expectSuccess(command);
    expect(command.output()).toContain(`${installation.url} serves`);
    const names = Object.keys(pids()).map((name) => name.replace(/-\d+$/, ''));
    expect(names.sort()).toEqual(['api', 'api', 'worker']);
    const second = pm2('start');
    expect(await second.exitCode).toBe(1);
    expect(second.output()).toContain('already runs under PM2');
  });

  it(`loses no request, no stream and no turn over ${RELOADS} reloads under load`, async () => {
    await using database = await openDatabase(product.environment['LOCKKEEPER_DATABASE_URL'] ?? '');
    const administrator = await Administrator.of(product, installation.url);
    const { apiKey } = await administrator.createUser('1000');
    const headers = { authorization: `Bearer ${apiKey}` };
    const turnIds: string[] = [];

    async function get(connection: Connection, path: string) {
      const { status, body } = await connection.send('GET', path, headers);
      if (status !== 200) throw new Error(`${status} ${body}`);
    }
    async function chat(connection: Connection) {
      const answer = await connection.send('POST', '/v1/chat/completions', headers, {
        model: 'local:tokens=20,delay_ms=20',
        stream: true,
        messages: [{ role: 'user', content: 'Hello' }],
      });
      turnIds.push(String(answer.headers['x-turn-id']));
      const isWhole = answer.body.includes(' w20"') && answer.body.endsWith('data: [DONE]\n\n');
      if (answer.status !== 200 || !isWhole) throw new Error(`${answer.status} ${answer.body}`);
    }
    for (let client = 0; client < 3; client++) {
      load.add('health', (connection) => get(connection, '/health/live'), 5);
      load.add('account', (connection) => get(connection, '/api/coins/account'), 5);
    }
    for (let client = 0; client < 8; client++) load.add('chat', chat);

    for (let number = 0; number < RELOADS; number++) {
      const before = pids();
      const chats = load.answered['chat'] ?? 0;
      await expectSuccess(pm2('reload'));
      const after = pids();
      expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
      for (const [name, pid] of Object.entries(after)) expect(pid, name).not.toBe(before[name]);
      await waitUntil('chats after the reload', () => (load.answered['chat'] ?? 0) > chats + 20);
    }
    await load.stop();

    expect(load.failures).toEqual([]);
    await waitUntil('every turn saved', async () => {
      const rows: { n: string }[] = await database.single.query('SELECT COUNT(*) AS n FROM turns');
      return Number(rows[0]?.n) >= turnIds.length;
    });
    const turns: { id: string; status: string; messages: string }[] = await database.single.query(
      `SELECT t.id, t.status, (SELECT COUNT(*) FROM conversation_messages m WHERE m.turn_id = t.id) AS messages
         FROM turns t ORDER BY t.id`,
    );
    expect(turns.map((turn) => turn.id)).toEqual(turnIds.toSorted());
    expect(new Set(turns.map((turn) => `${turn.status} ${turn.messages}`))).toEqual(new Set(['complete 2']));
  });

  it('stops everything, and its own daemon', async () => {
    const daemon = Number(readFileSync(join(installation.dataDirectory, 'pm2', 'pm2.pid'), 'utf8'));
    const running = [daemon, ...Object.values(pids())];
    expect(running.map((pid) => identifyProcess(pid))).not.toContain(null);
    await expectSuccess(pm2('stop'));
    expect(running.map((pid) => identifyProcess(pid))).toEqual(running.map(() => null));
    const status = pm2('status');
    expect(await status.exitCode).toBe(1);
    expect(status.output()).toContain('Nothing runs under PM2');
  });
});
