import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LogProduct } from '../factories/log-product.js';
import { startNginx, type TestNginx } from '../factories/nginx.js';
import { randomFrom } from '../factories/random.js';
import { waitUntil } from '../factories/wait.js';

const ROUNDS = Number(process.env['TEST_FAULT_ROUNDS'] ?? 1);
const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);
const DEVICES = 8;
const REQUESTS_BETWEEN = 60;
const IN_FLIGHT = 12;
const LINES_EACH = 3;

describe('with nginx before two API processes', () => {
  let logs: LogProduct;
  const servers: TestNginx[] = [];
  beforeAll(async () => {
    console.info(`TEST_SEED=${SEED}`);
    logs = await LogProduct.start({ LOCKKEEPER_BEHIND_PROXY: 'true' }, randomFrom(SEED), { workers: 1 });
  });
  afterAll(async () => {
    await logs?.dispose();
    await Promise.all(servers.map((server) => server.stop()));
  });

  /** An nginx that has not seen any process fail yet. */
  async function enter(): Promise<void> {
    const server = await startNginx(logs.apis.map(({ url }) => url));
    servers.push(server);
    logs.entryUrl = server.url;
  }
  const isRunning = (index: number) => logs.apis[index]?.child.signalCode === null;

  it(
    'no request fails while one after the other is stopped under load and comes back',
    { timeout: 60_000 + ROUNDS * 60_000 },
    async () => {
      await enter();
      logs.clients.begin(DEVICES);
      for (let round = 0; round < 2 * ROUNDS; round++) {
        const index = round % 2;
        await logs.awaitGoingOn(REQUESTS_BETWEEN, 5);
        expect(await logs.apis[index]?.stop()).toBe(0);
        await logs.awaitGoingOn(REQUESTS_BETWEEN, 5);
        await logs.startApiAgain(index);
      }
      await logs.clients.stop();
      expect(logs.ledger.refusals).toEqual([]);
      expect(logs.ledger.sent.filter(({ isTaken }) => !isTaken)).toEqual([]);
    },
  );

  it('what was sent to one that is killed is answered with 502, and never sent to the other', async () => {
    await enter();
    logs.workers[0]?.child.kill('SIGSTOP');
    // They are in the queue, and wait in both processes to be stored.
    const waiting = Array.from({ length: IN_FLIGHT }, () =>
      logs.clients.sendOnce('batch', 'stored', LINES_EACH),
    );
    const readDirectly = () => logs.accounting();
    await waitUntil(
      'all of them queued',
      async () => (await readDirectly()).pending_lines === IN_FLIGHT * LINES_EACH,
    );
    await logs.apis[0]?.kill();
    expect(isRunning(0)).toBe(false);
    const answers = await Promise.all(waiting);
    logs.workers[0]?.child.kill('SIGCONT');
    const failed = answers.filter(({ isTaken }) => !isTaken);
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThan(IN_FLIGHT);
    for (const { refusals } of failed) {
      expect(refusals).toEqual([
        {
          status: 502,
          retryAfter: '1',
          text: expect.stringContaining('"code":"service_unavailable"') as string,
        },
      ]);
    }
    await logs.startApiAgain(0);
  });

  it(
    'only requests in flight fail when one is killed under load',
    { timeout: 60_000 + ROUNDS * 60_000 },
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        await enter();
        logs.clients.begin(DEVICES);
        await logs.awaitGoingOn(REQUESTS_BETWEEN, 5);
        const before = logs.ledger.refusals.length;
        await logs.apis[1]?.kill();
        await logs.awaitGoingOn(REQUESTS_BETWEEN, 5);
        await logs.clients.stop();
        const refusals = logs.ledger.refusals.slice(before);
        // Each device has one request at a time.
        expect(refusals.length).toBeLessThanOrEqual(DEVICES);
        for (const refusal of refusals) {
          expect(refusal).toMatchObject({ status: 502, retryAfter: '1' });
          expect(refusal.text).toMatch(/The service could not be reached\./);
        }
        expect(logs.ledger.count(({ state }) => state === 'unheard')).toBe(0);
        await logs.startApiAgain(1);
      }
    },
  );

  it('nothing was lost or doubled', { timeout: 120_000 }, async () => {
    const counts = await logs.expectNothingLost();
    console.info(JSON.stringify(counts));
    expect(counts.storedUnheard).toBeGreaterThanOrEqual(LINES_EACH);
  });
});
