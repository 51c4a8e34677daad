import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formOf, TestFiles, uniqueText } from '../factories/files.js';
import { TestReader } from '../factories/knowledge.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';

describe('collections', () => {
  let test: TestApp;
  let reader: TestReader;
  beforeAll(async () => {
    test = await createTestApp();
    await TestFiles.listen(test);
  });
  beforeEach(async () => {
    reader = await TestReader.create(test);
  });
  afterAll(() => test.close());

  const make = (name: string) => reader.call('POST', '/api/collections', { name });

  it('are made, read, renamed and deleted', async () => {
    const made = await make('  手册 Manuals ');
    expect(made).toMatchObject({ status: 201, body: { name: '手册 Manuals', file_count: 0 } });
    const url = `/api/collections/${made.body.id}`;
    expect(await reader.call('GET', url)).toMatchObject({ status: 200, body: made.body });
    const renamed = await reader.call('PATCH', url, { name: 'Books' });
    expect(renamed).toMatchObject({ status: 200, body: { ...made.body, name: 'Books' } });
    expect((await reader.call('DELETE', url)).status).toBe(204);
    expect(await reader.call('GET', url)).toMatchObject({
      status: 404,
      body: { code: 'collection_not_found' },
    });
  });

  it('are listed a page at a time, the newest first, those of the caller alone', async () => {
    for (const name of ['a', 'b', 'c']) await make(name);
    await (await TestReader.create(test)).call('POST', '/api/collections', { name: 'not mine' });
    const first = await reader.call('GET', '/api/collections?limit=2');
    expect(first.body.items.map(({ name }: { name: string }) => name)).toEqual(['c', 'b']);
    const second = await reader.call('GET', `/api/collections?limit=2&cursor=${first.body.next_cursor}`);
    expect(second.body.items.map(({ name }: { name: string }) => name)).toEqual(['a']);
    expect(second.body.next_cursor).toBeNull();
  });

  it('have names of their own for each user', async () => {
    const { body } = await make('a');
    await make('b');
    const taken = { status: 409, body: { code: 'collection_name_taken' } };
    expect(await make('a')).toMatchObject(taken);
    expect(await reader.call('PATCH', `/api/collections/${body.id}`, { name: 'b' })).toMatchObject(taken);
    expect(await reader.call('PATCH', `/api/collections/${body.id}`, { name: 'a' })).toMatchObject({
      status: 200,
    });
    const other = await TestReader.create(test);
    expect((await other.call('POST', '/api/collections', { name: 'a' })).status).toBe(201);
  });

  it('hold files, each once, and count them', async () => {
    const fileIds = [await reader.file(['one']), await reader.file(['two', 'three'])];
    const id = await reader.collection([...fileIds, fileIds[0]!]);
    const url = `/api/collections/${id}`;
    expect((await reader.call('GET', url)).body.file_count).toBe(2);
    const first = await reader.call('GET', `${url}/files?limit=1`);
    const second = await reader.call('GET', `${url}/files?limit=1&cursor=${first.body.next_cursor}`);
    expect([...first.body.items, ...second.body.items]).toEqual([
      { file_id: fileIds[0], chunk_count: 1 },
      { file_id: fileIds[1], chunk_count: 2 },
    ]);
    expect(second.body.next_cursor).toBeNull();
    for (let n = 0; n < 2; n++) {
      expect((await reader.call('DELETE', `${url}/files/${fileIds[0]}`)).status).toBe(204);
      expect((await reader.call('GET', url)).body.file_count).toBe(1);
    }
    await reader.knowledge.removeFile(fileIds[1]!);
    expect((await reader.call('GET', url)).body.file_count).toBe(0);
  });

  it('take files of their owner alone', async () => {
    const other = await TestReader.create(test);
    const id = await reader.collection();
    const notFound = { status: 404, body: { code: 'knowledge_file_not_found' } };
    for (const fileId of [await other.file(['not yours']), randomUUID()]) {
      expect(await reader.call('PUT', `/api/collections/${id}/files/${fileId}`)).toMatchObject(notFound);
    }
    const mine = await reader.file(['mine']);
    expect(await other.call('PUT', `/api/collections/${id}/files/${mine}`)).toMatchObject({
      status: 404,
      body: { code: 'collection_not_found' },
    });
    expect((await reader.call('GET', `/api/collections/${id}`)).body.file_count).toBe(0);
  });

  it('take a file that is uploaded and that nothing has been done with, and not one that is deleted', async () => {
    const files = new TestFiles(test);
    const id = await reader.collection();
    const fileId = await files.uploaded(reader.user);
    const url = `/api/collections/${id}/files/${fileId}`;
    const other = await TestReader.create(test);
    const theirs = await other.collection();
    expect(await other.call('PUT', `/api/collections/${theirs}/files/${fileId}`)).toMatchObject({
      status: 404,
      body: { code: 'knowledge_file_not_found' },
    });
    expect((await reader.call('PUT', url)).status).toBe(204);
    expect((await reader.call('GET', `/api/collections/${id}/files`)).body.items).toEqual([
      { file_id: fileId, chunk_count: 0 },
    ]);
    const deleted = await files.uploaded(reader.user);
    expect((await reader.call('DELETE', `/api/files/${deleted}`)).status).toBe(204);
    expect((await reader.call('PUT', `/api/collections/${id}/files/${deleted}`)).status).toBe(404);
    expect((await reader.call('DELETE', `/api/files/${fileId}`)).status).toBe(204);
    expect((await reader.call('GET', `/api/collections/${id}`)).body.file_count).toBe(0);
  });

  it('take no upload of somebody else, of whom nothing is stored then', async () => {
    const files = new TestFiles(test);
    const id = await reader.collection();
    const other = await files.user();
    const before = await files.stored();
    const [first, last] = [
      formOf(uniqueText(), 'a.txt', { collection_id: id }),
      formOf(uniqueText(), 'a.txt'),
    ];
    last.append('collection_id', id);
    for (const form of [first, last]) {
      expect(await files.send(other, form)).toMatchObject({
        status: 404,
        body: { code: 'collection_not_found' },
      });
    }
    await files.nothingLeft(other);
    expect(await files.stored()).toEqual(before);
    expect((await reader.call('GET', `/api/collections/${id}`)).body.file_count).toBe(0);
  });

  it('take a file into up to 20 of them', async () => {
    const fileId = await reader.file(['much wanted']);
    for (let n = 0; n < 20; n++) await reader.collection([fileId]);
    const id = await reader.collection();
    expect(await reader.call('PUT', `/api/collections/${id}/files/${fileId}`)).toMatchObject({
      status: 409,
      body: { code: 'collection_full', details: { limit: 20 } },
    });
  });

  it.each([{}, { name: '' }, { name: ' ' }, { name: 'x'.repeat(101) }, { name: 'x', more: 1 }])(
    'are not made of %j',
    async (payload) => {
      expect((await reader.call('POST', '/api/collections', payload)).status).toBe(422);
    },
  );
});
