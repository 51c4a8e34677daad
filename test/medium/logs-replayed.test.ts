import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LogReading } from '../factories/log-reading.js';
import { TailClient } from '../factories/log-tails.js';
import { logLine, someDevice, TestLogs } from '../factories/logs.js';
import { waitUntil } from '../factories/wait.js';

describe('a line that was in quarantine', () => {
  let logs: TestLogs;
  let reading: LogReading;
  beforeAll(async () => {
    logs = await TestLogs.create();
    await logs.test.app.listen(0, '127.0.0.1');
    reading = await LogReading.create(logs.test);
  });
  afterAll(async () => {
    await reading.close();
    await logs.close();
  });

  it('is told to those who follow, and is on the page of its device, when it is replayed', async () => {
    const device_id = someDevice();
    await logs.sql(
      `CREATE TRIGGER refuse_poison BEFORE INSERT ON logs FOR EACH ROW
       IF NEW.message = 'poison' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'poison'; END IF`,
    );
    const tail = await TailClient.open(await logs.test.app.getUrl(), reading.headers, { device_id });
    await logs.accept([logLine({ device_id, message: 'poison' }), logLine({ device_id, message: 'good' })]);
    await logs.drain();
    await waitUntil('the good line', () => tail.messages.includes('good'));
    expect(tail.messages).toEqual(['good']);
    // Now the page is cached.
    expect((await reading.device(device_id)).total).toBe(1);
    await logs.sql('DROP TRIGGER refuse_poison');
    const { items } = (await reading.get('logs/quarantine')).json<{ items: { id: string }[] }>();
    const replay = await logs.test.app.inject({
      method: 'POST',
      url: `/api/logs/quarantine/${items[0]?.id}/replay`,
      headers: reading.headers,
    });
    expect([replay.statusCode, replay.json()]).toEqual([200, { id: items[0]?.id, stored_lines: 1 }]);
    await waitUntil('the replayed line', () => tail.messages.includes('poison'));
    const page = await reading.device(device_id);
    expect(new Set(page.data.map(({ message }) => message))).toEqual(new Set(['good', 'poison']));
    tail.leave();
  });
});

describe('a device that is called like a path', () => {
  let logs: TestLogs;
  let reading: LogReading;
  beforeAll(async () => {
    logs = await TestLogs.create();
    reading = await LogReading.create(logs.test);
  });
  afterAll(async () => {
    await reading.close();
    await logs.close();
  });

  it.each(['tail', 'export', 'accounting', 'quarantine', 'batch', 'a/b', '..'])(
    'is found by a search: %s',
    async (device_id) => {
      await logs.accept([logLine({ device_id, message: `of ${device_id}` })]);
      await logs.drain();
      expect(await reading.messages({ device_id })).toEqual([`of ${device_id}`]);
    },
  );
});
