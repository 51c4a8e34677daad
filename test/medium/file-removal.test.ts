import { createHash, randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FileRemoval, FileService } from '../../src/modules/file/index.js';
import { CleanUpFilesHandler } from '../../src/modules/file/removal/clean-up-files.handler.js';
import { RemovalRepository } from '../../src/modules/file/removal/removal.repository.js';
import { DURABLE_REDIS, type RedisClient } from '../../src/platform/redis/index.js';
import { FileStorage } from '../../src/platform/storage/index.js';
import { columnsWith, keysWith, TestErasures } from '../factories/erasures.js';
import { TestFiles, uniqueText } from '../factories/files.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, type TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

describe('the removal of a file', () => {
  let test: TestApp;
  let files: TestFiles;
  let user: TestUser;
  let handler: CleanUpFilesHandler;
  const removed: string[] = [];
  let failure: Error | undefined;
  beforeAll(async () => {
    test = await createTestApp();
    files = await TestFiles.listen(test);
    user = await files.user();
    const removal = test.app.get(FileRemoval, { strict: false });
    handler = new CleanUpFilesHandler(test.app.get(RemovalRepository, { strict: false }), removal);
    removal.register('test', {
      removeFile: async ({ fileId }) => {
        if (failure) throw failure;
        removed.push(fileId);
      },
    });
  });
  afterAll(() => test.close());

  /** Does what a worker does once, as if every time had come. */
  const cleanUp = async () => {
    await files.transactions.single.query('UPDATE files SET due_at = due_at - INTERVAL 1 DAY');
    return handler.run({ signal: new AbortController().signal });
  };

  it('takes all of it, and its task', async () => {
    const id = await files.uploaded(user);
    const { job_id: job } = await files.read(user, id);
    expect((await files.call(user, 'DELETE', `/${id}`)).status).toBe(204);
    expect(removed).toContain(id);
    expect(await files.stored()).not.toContain(id);
    await files.nothingLeft(user);
    const task = await test.app.inject({ url: `/api/tasks/${job}`, headers: bearer(user.accessToken) });
    expect(task.json()).toMatchObject({ state: 'cancelled' });
    expect((await files.call(user, 'DELETE', `/${id}`)).status).toBe(404);
  });

  it('is gone on with after a failure: the file is not there meanwhile, and its bytes go last', async () => {
    const text = uniqueText();
    const id = await files.uploaded(user, text);
    failure = new Error('The vectors are not to be reached.');
    expect((await files.call(user, 'DELETE', `/${id}`)).status).toBe(204);
    expect((await files.call(user, 'GET', `/${id}`)).status).toBe(404);
    expect(await files.stored()).toContain(id);
    expect(await handler.run({ signal: new AbortController().signal })).toEqual({ removed: 0, failed: 0 });
    expect(await cleanUp()).toEqual({ removed: 0, failed: 1 });
    // The same content may come again before the old has gone.
    const again = await files.uploaded(user, text);
    expect(again).not.toBe(id);
    failure = undefined;
    expect(await cleanUp()).toEqual({ removed: 1, failed: 0 });
    expect(await files.stored()).not.toContain(id);
    expect(await files.stored()).toContain(again);
    expect(await files.rows(user)).toEqual([{ id: again, status: 'queued' }]);
    expect(await files.usage(user)).toEqual({ files: 1, bytes: text.length });
    await files.call(user, 'DELETE', `/${again}`);
  });

  it('takes what a process has left that died in the middle of an upload', async () => {
    const id = randomUUID();
    const folder = join(test.environment['LOCKKEEPER_STORAGE_DIR'] ?? '', id.slice(-2));
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${id}.part`), 'half of it');
    await files.transactions.single.query(
      `INSERT INTO files (id, owner_id, status, name, due_at, created_at, changed_at)
       VALUES (?, ?, 'uploading', 'a.txt', UTC_TIMESTAMP(3) + INTERVAL 1 MINUTE, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
      [id, user.id],
    );
    expect(await handler.run({ signal: new AbortController().signal })).toEqual({ removed: 0, failed: 0 });
    expect(await cleanUp()).toEqual({ removed: 1, failed: 0 });
    expect(await files.stored()).not.toContain(`${id}.part`);
    await files.nothingLeft(user);
  });

  it('of an upload that is taken for dead lets it not be accepted', async () => {
    const owner = await files.user();
    const storage = test.app.get(FileStorage, { strict: false });
    const put = storage.put.bind(storage);
    vi.spyOn(storage, 'put').mockImplementationOnce(async (...args) => {
      const stored = await put(...args);
      expect(await cleanUp()).toEqual({ removed: 1, failed: 0 });
      return stored;
    });
    const answer = await files.upload(owner, uniqueText());
    expect(answer).toMatchObject({ status: 503, body: { code: 'service_unavailable' } });
    await files.nothingLeft(owner);
  });

  it('waits for what is being written about the file, and lets nothing be written after it', async () => {
    const id = await files.uploaded(user);
    const service = test.app.get(FileService, { strict: false });
    const order: string[] = [];
    // What InnoDB tells of lock waits is only renewed for who asks seldom; the list of statements is as it is.
    const waitingDeletions = () =>
      files.transactions.single.query<unknown[]>(
        `SELECT id FROM information_schema.processlist
         WHERE id <> CONNECTION_ID() AND time_ms > 100 AND info LIKE CONCAT('%FROM files WHERE id = ''', ?, '''%')`,
        [id],
      );
    let isDeleted: Promise<unknown> | undefined;
    await files.transactions.run(async (transaction) => {
      expect(await service.holdPresent(transaction, id)).toBe(true);
      isDeleted ??= files.call(user, 'DELETE', `/${id}`).then(() => order.push('deleted'));
      await waitUntil('the deletion waits', async () => (await waitingDeletions()).length > 0);
      order.push('written');
    });
    await isDeleted;
    expect(order).toEqual(['written', 'deleted']);
    await files.transactions.run(async (transaction) => {
      expect(await service.holdPresent(transaction, id)).toBe(false);
    });
  });

  it('is a part of the erasure of its owner', async () => {
    const owner = await files.user();
    const marker = `marker-${randomUUID()}`;
    const id = await files.uploaded(owner, `${marker}\n`, `${marker}.txt`);
    const other = await files.uploaded(user, `${marker}\n`);
    const erasures = new TestErasures(test);
    expect(await columnsWith(files.transactions, marker)).toEqual(['files.name']);
    const answer = await test.app.inject({
      method: 'DELETE',
      url: '/api/account',
      headers: bearer(owner.accessToken),
      payload: { password: owner.password },
    });
    expect(answer.statusCode).toBe(204);
    await erasures.sweep();
    expect(await columnsWith(files.transactions, marker)).toEqual([]);
    expect(await columnsWith(files.transactions, id)).toEqual([]);
    expect(await keysWith(test.app.get<RedisClient>(DURABLE_REDIS, { strict: false }), id)).toEqual([]);
    expect(await files.rows(owner)).toEqual([]);
    const owners = await files.transactions.single.query<unknown[]>(
      'SELECT * FROM file_owners WHERE owner_id = ?',
      [owner.id],
    );
    expect(owners).toEqual([]);
    expect(await files.stored()).toEqual([other]);
    expect((await files.read(user, other)).sha256).toBe(
      createHash('sha256').update(`${marker}\n`).digest('hex'),
    );
  });
});
