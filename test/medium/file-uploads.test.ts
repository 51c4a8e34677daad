import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdir, symlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { CACHE_REDIS, type RedisClient } from '../../src/platform/redis/index.js';
import { FileStorage } from '../../src/platform/storage/index.js';
import { S3Service } from '../fakes/s3-service.js';
import { formOf, TestFiles, uniqueText } from '../factories/files.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, type TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const MAX_BYTES = 3_000_000;

describe('an upload', () => {
  let test: TestApp;
  let files: TestFiles;
  let user: TestUser;
  beforeAll(async () => {
    test = await createTestApp({ LOCKKEEPER_FILES_MAX_BYTES: String(MAX_BYTES) });
    files = await TestFiles.listen(test);
  });
  afterAll(() => test.close());
  beforeAll(async () => {
    user = await files.user();
  });

  const redis = () => test.app.get<RedisClient>(CACHE_REDIS, { strict: false });
  const progressOf = async (id = ''): Promise<unknown> =>
    JSON.parse((await redis().get(`upload:progress:${id}`)) ?? 'null');

  it('is stored, and a task is to process it', async () => {
    const text = uniqueText();
    const { status, body } = await files.upload(user, text, 'notes.md');
    expect({ status, body }).toEqual({
      status: 201,
      body: { file_id: expect.any(String), job_id: expect.any(String), status: 'queued' },
    });
    expect(await files.read(user, body.file_id)).toMatchObject({
      id: body.file_id,
      name: 'notes.md',
      media_type: 'text/markdown',
      size_bytes: Buffer.byteLength(text),
      sha256: createHash('sha256').update(text).digest('hex'),
      status: 'queued',
      steps: { chunking: 'pending', vectorization: 'pending', storage: 'pending', kg_extraction: 'pending' },
      job_id: body.job_id,
    });
    const task = await test.app.inject({
      url: `/api/tasks/${body.job_id}`,
      headers: bearer(user.accessToken),
    });
    expect(task.json()).toMatchObject({ id: body.job_id, name: 'file.process', queue: 'file_processing' });
    expect(await files.stored()).toContain(body.file_id);
    const bytes = Buffer.byteLength(text);
    expect(await progressOf(body.file_id)).toEqual({
      file_id: body.file_id,
      status: 'completed',
      progress: 100,
      received_bytes: bytes,
      total_bytes: bytes,
    });
    expect(await redis().ttl(`upload:progress:${body.file_id}`)).toBeGreaterThan(3_590);
  });

  it('of the same content is the same file, for the same user alone', async () => {
    const text = uniqueText();
    const first = await files.upload(user, text);
    const again = await files.upload(user, text, 'another name.txt');
    expect(again).toEqual({ status: 200, body: first.body });
    const other = await files.upload(await files.user(), text);
    expect(other.status).toBe(201);
    expect(other.body.file_id).not.toBe(first.body.file_id);
  });

  it('of the same content several times at once makes one file and one task of each owner, and leaves nothing else', async () => {
    const [owner, other] = [await files.user(), await files.user()];
    const content = randomBytes(1_000_000).toString('base64');
    const [theirs, ...answers] = await Promise.all(
      [other, owner, owner, owner].map((each) => files.upload(each, content)),
    );
    expect(answers.map(({ status }) => status).sort((left, right) => left - right)).toEqual([200, 200, 201]);
    expect(new Set(answers.map(({ body }) => body.file_id)).size).toBe(1);
    expect(new Set(answers.map(({ body }) => body.job_id)).size).toBe(1);
    expect(await files.rows(owner)).toHaveLength(1);
    expect(await files.usage(owner)).toEqual({ files: 1, bytes: content.length });
    expect(theirs?.status).toBe(201);
    expect(await files.rows(other)).toEqual([{ id: theirs?.body.file_id, status: 'queued' }]);
    const stored = await files.stored();
    expect(stored).toContain(theirs?.body.file_id);
    expect(theirs?.body.file_id).not.toBe(answers[0]?.body.file_id);
    expect(stored).toContain(answers[0]?.body.file_id);
    expect(stored.filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it.each([
    ['word/document.xml', 'a.docx', 'a.docx', 'wordprocessingml.document'],
    ['ppt/presentation.xml', 'slides.zip', 'slides.zip.pptx', 'presentationml.presentation'],
    ['xl/workbook.xml', 'a.docx', 'a.docx.xlsx', 'spreadsheetml.sheet'],
    ['META-INF/container.xml', 'book', 'book.epub', 'epub+zip'],
  ])('is what it has in it: an archive with %s, sent as %s, is %s', async (entry, sent, name, type) => {
    const { status, body } = await files.upload(user, zipWith(entry, randomBytes(200_000)), sent);
    expect(status).toBe(201);
    const file = await files.read(user, body.file_id);
    expect([file.name, file.media_type]).toEqual([name, expect.stringContaining(type)]);
  });

  it.each([
    ['%PDF-1.7\nhello', 'notes.txt', 'notes.txt.pdf', 'application/pdf'],
    ['BM is how this text begins', 'a.md', 'a.md', 'text/markdown'],
    ['<!doctype html><p>x', '../../a.txt', 'a.txt.html', 'text/html'],
    [Buffer.from([0xc4, 0xe3, 0xba, 0xc3, 0x0a]), '\u202Etxt.md', 'txt.md', 'text/markdown'],
  ])('is not what it says: %j sent as %j is %j', async (content, sent, name, mediaType) => {
    const { body } = await files.upload(user, content, sent);
    expect(await files.read(user, body.file_id)).toMatchObject({ name, media_type: mediaType });
  });

  it('is a form, and no other route takes one', async () => {
    const ask = async (path: string) => {
      const url = (await files.url()).replace('/api/files', path);
      const headers = bearer(user.accessToken);
      const answer = await fetch(url, { method: 'POST', body: formOf('{"a":1}', 'a.json'), headers });
      return [answer.status, ((await answer.json()) as { code?: string }).code];
    };
    expect(await ask('/api/chat')).toEqual([415, 'unsupported_media_type']);
    expect(await ask('/no/such/route')).toEqual([404, 'route_not_found']);
    // It takes bodies of any type, and finds no log lines in this one.
    const [status] = await ask('/api/logs/batch');
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  });

  describe('that is refused', () => {
    let owner: TestUser;
    let before: string[];
    beforeAll(async () => {
      owner = await files.user();
      before = await files.stored();
    });
    afterEach(async () => {
      await files.nothingLeft(owner);
      expect(await files.stored()).toEqual(before);
    });

    it('has no bytes', async () => {
      expect(await files.upload(owner, '')).toMatchObject({ status: 422, body: { code: 'file_empty' } });
    });

    it.each([
      ['an image that says it is a PDF', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), 'a.pdf'],
      ['a program', Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01'), randomBytes(500)]), 'a.txt'],
      ['an archive of no document', zipWith('notes.txt'), 'a.docx'],
      ['an archive without its end', Buffer.concat([Buffer.from('PK\x03\x04'), randomBytes(500)]), 'a.docx'],
      ['rich text', Buffer.from('{\\rtf1 hello}'), 'a.txt'],
      ['noise', randomBytes(5_000), 'a.txt'],
    ])('is %s', async (_what, content, name) => {
      const answer = await files.upload(owner, content, name);
      expect(answer).toMatchObject({ status: 415, body: { code: 'file_type_unsupported' } });
    });

    it('is larger than what is taken, said beforehand or found out on the way', async () => {
      const content = 'x'.repeat(MAX_BYTES + 1);
      const answer = await files.upload(owner, content);
      expect(answer).toMatchObject({
        status: 413,
        body: { code: 'file_too_large', details: { max_bytes: MAX_BYTES } },
      });
      const announced = await files.upload(owner, 'x'.repeat(MAX_BYTES + 1_000_000));
      expect(announced).toMatchObject({ status: 413, body: { code: 'file_too_large' } });
    });

    it('has no file, or two, or one under another name', async () => {
      const none = new FormData();
      none.set('collection_id', randomUUID());
      const two = formOf(uniqueText(), 'a.txt');
      two.append('file', new Blob(['b']), 'b.txt');
      const misnamed = new FormData();
      misnamed.set('document', new Blob(['a']), 'a.txt');
      const empty = new FormData();
      empty.set('title', 'a');
      expect(await files.send(owner, none)).toMatchObject({
        status: 404,
        body: { code: 'collection_not_found' },
      });
      for (const form of [two, misnamed, empty]) {
        expect(await files.send(owner, form)).toMatchObject({
          status: 422,
          body: { code: 'invalid_request' },
        });
      }
      expect(await files.send(owner, new FormData())).toMatchObject({
        status: 422,
        body: { code: 'invalid_request', param: 'file' },
      });
    });

    it('is for a collection that is not there, said before or after the file', async () => {
      const before = formOf(uniqueText(), 'a.txt', { collection_id: randomUUID() });
      const after = formOf(uniqueText(), 'a.txt');
      after.append('collection_id', randomUUID());
      const malformed = formOf(uniqueText(), 'a.txt', { collection_id: '../x' });
      for (const form of [before, after]) {
        expect(await files.send(owner, form)).toMatchObject({
          status: 404,
          body: { code: 'collection_not_found', param: 'collection_id' },
        });
      }
      expect(await files.send(owner, malformed)).toMatchObject({ status: 422 });
    });

    it('is no form', async () => {
      const ask = async (body: string | undefined, type: string | undefined) => {
        const answer = await fetch(await files.url(), {
          method: 'POST',
          headers: { ...bearer(owner.accessToken), ...(type !== undefined && { 'content-type': type }) },
          ...(body !== undefined && { body }),
        });
        return [answer.status, ((await answer.json()) as { code: string }).code];
      };
      expect(await ask('{}', 'application/json')).toEqual([415, 'unsupported_media_type']);
      expect(await ask('text', 'text/plain')).toEqual([415, 'unsupported_media_type']);
      expect(await ask(undefined, undefined)).toEqual([415, 'unsupported_media_type']);
      expect(await ask('not a form', 'multipart/form-data; boundary=x')).toEqual([400, 'malformed_request']);
      expect(await ask('not a form', 'multipart/form-data')).toEqual([400, 'malformed_request']);
      const cut = '--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhalf of it';
      expect(await ask(cut, 'multipart/form-data; boundary=x')).toEqual([400, 'malformed_request']);
    });

    it('comes from nobody, of whom no byte of it is read', async () => {
      const answer = await fetch(await files.url(), { method: 'POST', body: formOf('x', 'a.txt') });
      expect(answer.status).toBe(401);
    });

    it('is given up by its client in the middle', async () => {
      const { port } = test.app.getHttpServer().address() as { port: number };
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      const head = '--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n';
      socket.write(
        `POST /api/files HTTP/1.1\r\nhost: here\r\nauthorization: Bearer ${owner.accessToken}\r\n` +
          `content-type: multipart/form-data; boundary=x\r\ncontent-length: 2000000\r\n\r\n${head}` +
          'x'.repeat(500_000),
      );
      await waitUntil('bytes are there', async () =>
        (await files.stored()).some((name) => name.endsWith('.part')),
      );
      const [coming] = await files.rows(owner);
      expect(coming?.status).toBe('uploading');
      const { body } = await files.call<{ status: string }>(owner, 'GET', `/${coming?.id}/progress`);
      expect(body.status).toBe('uploading');
      expect(await progressOf(coming?.id)).toMatchObject({ status: 'uploading', total_bytes: 2_000_000 });
      expect((await files.call(owner, 'GET', `/${coming?.id}`)).status).toBe(404);
      socket.destroy();
    });

    it('finds the storage full', async () => {
      const directory = test.environment['LOCKKEEPER_STORAGE_DIR'] ?? '';
      const storage = test.app.get(FileStorage, { strict: false });
      const put = storage.put.bind(storage);
      // The kernel answers each write to this device as a file system does that is full.
      vi.spyOn(storage, 'put').mockImplementationOnce(async (key, source, options) => {
        await mkdir(join(directory, key.slice(-2)), { recursive: true });
        await symlink('/dev/full', join(directory, key.slice(-2), `${key}.part`));
        return put(key, source, options);
      });
      const answer = await files.upload(owner, uniqueText());
      expect(answer).toMatchObject({ status: 503, body: { code: 'storage_full' } });
    });
  });
});

describe('an upload to a bucket', () => {
  it('is stored there, read from there in parts, and goes from there', async () => {
    const service = await S3Service.start();
    const test = await createTestApp(service.settings);
    try {
      const files = await TestFiles.listen(test);
      const user = await files.user();
      const content = randomBytes(9_000_000).toString('base64');
      const id = await files.uploaded(user, content);
      expect([...service.objects.keys()]).toEqual([id]);
      const part = await fetch(await files.url(`/${id}/content`), {
        headers: { ...bearer(user.accessToken), range: 'bytes=8999999-9000001' },
      });
      expect(await part.text()).toBe(content.slice(8_999_999, 9_000_002));
      service.refusal = { status: 507, code: 'XMinioStorageFull' };
      expect(await files.upload(user, uniqueText())).toMatchObject({
        status: 503,
        body: { code: 'storage_full' },
      });
      expect(await files.rows(user)).toHaveLength(1);
      expect((await files.call(user, 'DELETE', `/${id}`)).status).toBe(204);
      expect([...service.objects.keys(), ...service.uploads.keys()]).toEqual([]);
      await files.nothingLeft(user);
    } finally {
      await test.close();
      await service.close();
    }
  });
});

describe('the limits of one user', () => {
  let test: TestApp;
  let files: TestFiles;
  beforeAll(async () => {
    test = await createTestApp({
      LOCKKEEPER_FILES_MAX_PER_USER: '2',
      LOCKKEEPER_FILES_MAX_BYTES_PER_USER: '1000',
      LOCKKEEPER_FILES_UPLOADS_PER_USER: '1',
    });
    files = await TestFiles.listen(test);
  });
  afterAll(() => test.close());

  it('are of files and of bytes; what is deleted is free again', async () => {
    const user = await files.user();
    const first = await files.uploaded(user, 'a'.repeat(400));
    const tooMuch = await files.upload(user, 'b'.repeat(601));
    expect(tooMuch).toMatchObject({
      status: 409,
      body: { code: 'file_quota_exceeded', details: { files: 1, bytes: 400, max_files: 2, max_bytes: 1000 } },
    });
    await files.uploaded(user, 'c'.repeat(600));
    expect(await files.upload(user, 'd')).toMatchObject({
      status: 409,
      body: { code: 'file_quota_exceeded' },
    });
    expect((await files.call(user, 'DELETE', `/${first}`)).status).toBe(204);
    await files.uploaded(user, 'd');
    expect(await files.usage(user)).toEqual({ files: 2, bytes: 601 });
    expect(await files.stored()).toHaveLength(2);
  });

  it('are of uploads at a time', async () => {
    const user = await files.user();
    const { port } = test.app.getHttpServer().address() as { port: number };
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      `POST /api/files HTTP/1.1\r\nhost: here\r\nauthorization: Bearer ${user.accessToken}\r\n` +
        'content-type: multipart/form-data; boundary=x\r\ncontent-length: 2000000\r\n\r\n--x\r\n' +
        'content-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nx',
    );
    await waitUntil('it comes in', async () => (await files.rows(user)).length === 1);
    expect(await files.upload(user, uniqueText())).toMatchObject({
      status: 429,
      body: { code: 'too_many_uploads' },
    });
    socket.destroy();
    await files.nothingLeft(user);
    await files.uploaded(user);
  });
});

/** An archive of one entry, which is not compressed. */
function zipWith(name: string, content = Buffer.alloc(0)): Buffer {
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt32LE(content.length, 18);
  local.writeUInt32LE(content.length, 22);
  local.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(30 + name.length + content.length, 16);
  return Buffer.concat([local, Buffer.from(name), content, entry, Buffer.from(name), end]);
}
