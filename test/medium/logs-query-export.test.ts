import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LogLine } from '../../src/modules/logs/index.js';
import { LogQueryRepository } from '../../src/modules/logs/query/log-query.repository.js';
import { LogReading } from '../factories/log-reading.js';
import { logLine, someDevice } from '../factories/logs.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { waitUntil } from '../factories/wait.js';

const LINES = 5_000;

describe('an export of the log', () => {
  let test: TestApp;
  let logs: LogReading;
  let url: string;
  let lines: LogLine[];
  const device_id = someDevice();
  beforeAll(async () => {
    test = await createTestApp();
    await test.app.listen(0, '127.0.0.1');
    url = await test.app.getUrl();
    logs = await LogReading.create(test);
    const now = Date.now();
    lines = Array.from({ length: LINES }, (_, index) =>
      logLine({
        device_id,
        message: `line ${index}`,
        log_level: index % 10 === 0 ? 'ERROR' : 'INFO',
        log_data: { index, filler: 'x'.repeat(2_000) },
        // Three of a millisecond, so that pages end in the middle of one.
        created_at: now - Math.floor(index / 3),
      }),
    );
    for (let start = 0; start < LINES; start += 1_000) await logs.store(lines.slice(start, start + 1_000));
  }, 120_000);
  afterEach(() => vi.restoreAllMocks());
  afterAll(async () => {
    await logs.close();
    await test.close();
  });

  /** Asks on a connection of its own, and reads nothing yet. */
  async function begin(query: Record<string, string> = {}): Promise<IncomingMessage> {
    const target = new URL(`${url}/api/logs/export?${new URLSearchParams(query).toString()}`);
    const asking = request(target, { headers: logs.headers, agent: false }).end();
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    answer.on('error', () => undefined);
    return answer;
  }
  const idsOf = (ndjson: string) =>
    ndjson
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as LogLine).id);

  it('has every line once, the newest first', async () => {
    const answer = await begin({ device_id });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      'content-disposition': expect.stringMatching(/^attachment; filename="logs-.*\.ndjson"$/) as string,
      'cache-control': 'no-store',
    });
    expect(Date.parse(String(answer.headers['x-log-from']))).toBeLessThan(Date.now());
    const ndjson = await text(answer);
    const expected = lines
      .toSorted((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1))
      .map(({ id }) => id);
    expect(idsOf(ndjson)).toEqual(expected);
    const [first] = ndjson.split('\n', 1);
    const line = lines.find(({ id }) => id === expected[0]);
    expect(JSON.parse(first ?? '')).toEqual({
      ...line,
      created_at: new Date(line?.created_at ?? 0).toISOString(),
    });
  });

  it('takes the filters of a search', async () => {
    const answer = await begin({ device_id, level: 'ERROR', q: 'LINE 1', path: '$.index', value: '1230' });
    expect(idsOf(await text(answer))).toEqual([lines[1_230]?.id]);
    expect(await text(await begin({ device_id, q: 'nowhere' }))).toBe('');
    for (const [name, value] of [
      ['level', 'x'],
      ['limit', '5'],
      ['cursor', 'x'],
    ] as const) {
      expect((await logs.get('logs/export', { [name]: value })).statusCode).toBe(422);
    }
    const from = new Date(Date.now() - 169 * 3_600_000).toISOString();
    expect((await logs.get('logs/export', { q: 'x', from })).json()).toMatchObject({
      code: 'log_window_too_wide',
    });
  });

  it('reads on only when the client does, and no more when it has gone', async () => {
    const find = vi.spyOn(LogQueryRepository.prototype, 'findLines');
    const answer = await begin({ device_id });
    await waitUntil('the first page is read', () => find.mock.calls.length >= 1);
    answer.destroy();
    await waitUntil('its place is free', async () => {
      const [one, two] = [await begin({ device_id }), await begin({ device_id })];
      const areGood = one.statusCode === 200 && two.statusCode === 200;
      one.destroy();
      two.destroy();
      return areGood;
    });
    // Six pages are all of it.
    const callsOfOne = find.mock.calls.filter(([, , before]) => before === undefined).length;
    expect(find.mock.calls.length).toBeLessThan(callsOfOne * 6);
  });

  it('is refused when there are too many', async () => {
    await waitUntil('all places are free', async () => {
      const open = await Promise.all([begin({ device_id }), begin({ device_id })]);
      if (open.some(({ statusCode }) => statusCode !== 200)) {
        for (const answer of open) answer.destroy();
        return false;
      }
      const refused = await begin({ device_id });
      expect(refused.statusCode).toBe(429);
      expect(refused.headers['retry-after']).toBe('10');
      expect(JSON.parse(await text(refused))).toMatchObject({ code: 'too_many_log_exports' });
      for (const answer of open) answer.destroy();
      return true;
    });
  });

  it('cuts the connection if something fails in the middle', async () => {
    const repository = test.app.get(LogQueryRepository, { strict: false });
    const find = repository.findLines.bind(repository);
    vi.spyOn(repository, 'findLines').mockImplementation((...args) =>
      args[2] === undefined ? find(...args) : Promise.reject(new Error('the database has gone')),
    );
    const answer = await waitUntil('there is room', async () => {
      const opened = await begin({ device_id });
      return opened.statusCode === 200 ? opened : undefined;
    });
    await expect(text(answer)).rejects.toThrow('aborted');
  });

  it('answers with a status if it fails at once', async () => {
    vi.spyOn(LogQueryRepository.prototype, 'findLines').mockRejectedValue(new Error('the database has gone'));
    expect((await logs.get('logs/export', { device_id })).statusCode).toBe(500);
  });
});
