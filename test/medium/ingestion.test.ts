import type { INestApplicationContext } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CleanUpFilesHandler } from '../../src/modules/file/removal/clean-up-files.handler.js';
import { DURABLE_REDIS } from '../../src/platform/redis/index.js';
import { makeDocx, wordParagraph, wordStyles } from '../factories/documents.js';
import { columnsWith, keysWith } from '../factories/erasures.js';
import { formOf, TestFiles, uniqueText } from '../factories/files.js';
import { pauseSchedules } from '../factories/paused-schedules.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestWorker } from '../factories/test-worker.js';
import { bearer, type TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

interface PassageBody {
  file_id: string;
  place: { start: number; end: number; section?: string[] };
  headings: string[];
}

describe('a file that is processed', () => {
  let test: TestApp;
  let worker: INestApplicationContext;
  let files: TestFiles;
  let user: TestUser;
  beforeAll(async () => {
    test = await createTestApp();
    files = await TestFiles.listen(test);
    user = await files.user();
    await pauseSchedules(test.environment);
    worker = await createTestWorker(test.environment);
  });
  afterAll(async () => {
    await worker?.close();
    await test.close();
  });

  const get = async <T>(url: string, of = user): Promise<T> =>
    (await test.app.inject({ url, headers: bearer(of.accessToken) })).json<T>();
  const search = async (q: string, of = user) =>
    (await get<{ items: PassageBody[] }>(`/api/knowledge/search?q=${encodeURIComponent(q)}`, of)).items;
  const settled = (id: string, of = user) =>
    waitUntil(
      'the file is processed',
      async () => {
        const file = await files.read(of, id);
        return ['completed', 'failed'].includes(file.status) && file;
      },
      60_000,
    );

  it('is found by its words and by what it means, and its entities are in the graph', async () => {
    const body = [
      wordParagraph('Pumps', 'Heading1'),
      wordParagraph('Ada Lovelace descaled the espresso machine of Acme Corporation in Zurich.'),
      wordParagraph('Filters', 'Heading1'),
      wordParagraph('A filter is changed each month.'),
    ].join('');
    const id = await files.uploaded(user, makeDocx(body, [wordStyles]), 'manual.docx');
    expect(await settled(id)).toMatchObject({
      status: 'completed',
      steps: {
        chunking: 'completed',
        vectorization: 'completed',
        storage: 'completed',
        kg_extraction: 'completed',
      },
    });
    const [found] = await search('who descaled the espresso machine');
    expect(found).toMatchObject({ file_id: id });
    const { items } = await get<{ items: { name: string }[] }>('/api/graph/entities?q=Ada');
    expect(items.map(({ name }) => name)).toContain('Ada Lovelace');
    expect(await search('espresso machine', await files.user())).toEqual([]);
  });

  it('is in the collection that it was uploaded into, and found there', async () => {
    const collection = await test.app.inject({
      method: 'POST',
      url: '/api/collections',
      headers: bearer(user.accessToken),
      payload: { name: 'Manuals' },
    });
    const { id: collectionId } = collection.json<{ id: string }>();
    const form = formOf(`${uniqueText()}Badgers dig.`, 'badgers.txt', { collection_id: collectionId });
    const { body } = await files.send(user, form);
    await settled(body.file_id);
    await settled(await files.uploaded(user, `${uniqueText()}Badgers sleep.`));
    const { items } = await get<{ items: PassageBody[] }>(
      `/api/knowledge/search?q=badgers&collection_id=${collectionId}`,
    );
    expect(items.map(({ file_id }) => file_id)).toEqual([body.file_id]);
  });

  it('in Chinese is found in Chinese', async () => {
    const id = await files.uploaded(user, '# 手册\n\n咖啡机每个月要用柠檬酸除垢一次。\n', '手册.md');
    expect((await settled(id)).status).toBe('completed');
    expect((await search('咖啡机怎样除垢'))[0]).toMatchObject({ file_id: id });
  });

  it('that is broken has failed, and says why', async () => {
    const id = await files.uploaded(user, `%PDF-1.7\n${uniqueText()}`, 'broken.pdf');
    expect(await settled(id)).toMatchObject({
      status: 'failed',
      steps: { chunking: 'failed', kg_extraction: 'pending' },
      message: 'The PDF cannot be read: Invalid PDF structure.',
    });
    expect(await files.rows(user)).toContainEqual({ id, status: 'failed' });
  });

  it('is processed again when that is asked for, and is then as before', async () => {
    const id = await files.uploaded(user, `${uniqueText()}Marie Curie worked in Paris.\n`);
    await settled(id);
    for (const path of ['process', 'vectorize', 'extract-graph']) {
      expect((await files.call(user, 'POST', `/${id}/${path}`)).status).toBeLessThan(300);
      await waitUntil('it is done again', async () => (await files.read(user, id)).status === 'completed');
      expect((await search('Marie Curie')).filter(({ file_id }) => file_id === id)).toHaveLength(1);
    }
  });

  it('leaves nothing when it is deleted, be it processed or in the middle', async () => {
    const owner = await files.user();
    const markers = ['Quixotic', 'Zephyrus'];
    const [whole = '', midway = ''] = await Promise.all(
      markers.map((marker) =>
        files.uploaded(owner, `${uniqueText()}${`${marker} Lovelace lives in Rome. `.repeat(400)}\n`),
      ),
    );
    await settled(whole, owner);
    await waitUntil('it is begun', async () => (await files.read(owner, midway)).status !== 'queued');
    for (const id of [whole, midway]) expect((await files.call(owner, 'DELETE', `/${id}`)).status).toBe(204);
    for (const marker of markers) expect(await search(marker, owner)).toEqual([]);
    await waitUntil('its task has ended', async () => {
      await worker.get(CleanUpFilesHandler, { strict: false }).run({ signal: new AbortController().signal });
      return (await files.rows(owner)).length === 0;
    });
    for (const marker of markers) {
      expect(await columnsWith(files.transactions, marker)).toEqual([]);
      expect(await keysWith(test.app.get<Redis>(DURABLE_REDIS), marker)).toEqual([]);
    }
    expect(await files.stored()).not.toContain(whole);
  });
});
