import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { configDefinitions } from '../../src/app.config.js';
import { loadConfig } from '../../src/platform/config/index.js';
import {
  type FileStorage,
  StoredBytesMissingError,
  storageConfig,
} from '../../src/platform/storage/index.js';
import { LocalStorage } from '../../src/platform/storage/local-storage.js';
import { S3Storage } from '../../src/platform/storage/s3-storage.js';
import { S3Service } from '../fakes/s3-service.js';
import { waitUntil } from '../factories/wait.js';

const MIB = 1024 * 1024;

/** A storage, and what is known of it past the product. */
interface Place {
  storage: FileStorage;
  /** All that is there, what was cut off too. */
  leftovers(): Promise<string[]>;
  /** Leaves what a process leaves that is killed while it puts something under a key. */
  cutOff(key: string): Promise<void>;
  close(): Promise<void>;
}

async function local(): Promise<Place & { directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'storage-'));
  return {
    directory,
    storage: new LocalStorage(directory),
    leftovers: async () => {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    },
    cutOff: async (key) => {
      const storage = new LocalStorage(directory);
      await storage.put(key, Readable.from([Buffer.from('x')]));
      await writeFile(join(directory, key.slice(-2), `${key}.part`), 'half of it');
      await rm(join(directory, key.slice(-2), key));
    },
    close: () => rm(directory, { recursive: true }),
  };
}

async function s3(): Promise<Place & { service: S3Service }> {
  const service = await S3Service.start();
  const environment = {
    LOCKKEEPER_DATABASE_URL: 'mysql://none',
    LOCKKEEPER_REDIS_URL: 'redis://none',
    ...service.settings,
  };
  return {
    service,
    storage: new S3Storage(loadConfig(environment, configDefinitions).get(storageConfig)),
    leftovers: async () => [...service.objects.keys(), ...service.uploads.keys()],
    cutOff: async (key) =>
      void service.uploads.set(randomUUID(), { key, parts: new Map([[1, randomBytes(10)]]) }),
    close: () => service.close(),
  };
}

/** A stream in pieces of a size that no part has. */
function streamOf(bytes: Buffer): Readable {
  const size = 70_001;
  const count = Math.ceil(bytes.length / size);
  return Readable.from(
    Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size)),
    { objectMode: false },
  );
}

/** Some bytes, and then nothing for ever. */
function stalledAfter(bytes: Buffer): Readable {
  let isSent = false;
  return new Readable({
    read() {
      if (!isSent) this.push(bytes);
      isSent = true;
    },
  });
}

describe.each([
  ['a directory', local],
  ['a bucket of S3', s3],
])('the storage in %s', (_name, create) => {
  let place: Place;
  beforeAll(async () => {
    place = await create();
  });
  afterEach(async () => expect(await place.leftovers()).toEqual([]));
  afterAll(() => place.close());

  it.each([
    ['nothing', 0],
    ['little', 11],
    ['what takes several parts', 20 * MIB + 3],
  ])('gives back what was put: %s', async (_what, size) => {
    const key = randomUUID();
    const bytes = randomBytes(size);
    expect(await place.storage.put(key, streamOf(bytes))).toEqual({
      bytes: size,
      sha256: createHash('sha256').update(bytes).digest(),
    });
    expect(await place.storage.stat(key)).toEqual({ bytes: size });
    expect((await buffer(await place.storage.open(key))).equals(bytes)).toBe(true);
    await place.storage.remove(key);
    expect(await place.storage.stat(key)).toBeUndefined();
  });

  it('gives a part of it, both ends with it', async () => {
    const key = randomUUID();
    await place.storage.put(key, streamOf(Buffer.from('0123456789')));
    const part = async (start: number, end: number) =>
      (await buffer(await place.storage.open(key, { start, end }))).toString();
    expect(await part(0, 0)).toBe('0');
    expect(await part(3, 6)).toBe('3456');
    expect(await part(9, 9)).toBe('9');
    await place.storage.remove(key);
  });

  it('says of what is not there that it is missing, and removes it without a word', async () => {
    const key = randomUUID();
    await expect(place.storage.open(key)).rejects.toThrow(StoredBytesMissingError);
    expect(await place.storage.stat(key)).toBeUndefined();
    await place.storage.remove(key);
  });

  it.each([
    ['little', 1_000],
    ['several parts', 18 * MIB],
  ])('keeps nothing of a stream that fails after %s', async (_what, size) => {
    const key = randomUUID();
    const failure = Object.assign(new Error('cut off'), { syscall: 'read', code: 'ECONNRESET' });
    async function* failing() {
      yield* streamOf(randomBytes(size));
      throw failure;
    }
    const put = place.storage.put(key, Readable.from(failing(), { objectMode: false }));
    await expect(put).rejects.toBe(failure);
    expect(await place.storage.stat(key)).toBeUndefined();
  });

  it('keeps nothing of what is given up in the middle, though the stream stands still', async () => {
    const key = randomUUID();
    const reason = new Error('The client has gone.');
    const giveUp = new AbortController();
    const source = stalledAfter(randomBytes(9 * MIB));
    const put = place.storage.put(key, source, { signal: giveUp.signal });
    await waitUntil('something was read', () => source.readableFlowing !== null || source.readableDidRead);
    giveUp.abort(reason);
    await expect(put).rejects.toBe(reason);
    expect(source.destroyed).toBe(true);
  });

  it('keeps nothing of what was given up before it began', async () => {
    const reason = new Error('The client has gone.');
    const put = place.storage.put(randomUUID(), streamOf(randomBytes(10)), {
      signal: AbortSignal.abort(reason),
    });
    await expect(put).rejects.toBe(reason);
  });

  it('removes what a killed process has left under a key, and nothing under another', async () => {
    const [key, other] = [randomUUID(), randomUUID()];
    await place.cutOff(key);
    await place.storage.put(other, streamOf(Buffer.from('other')));
    expect(await place.leftovers()).toHaveLength(2);
    await place.storage.remove(key);
    expect(await place.leftovers()).toEqual([other]);
    await place.storage.remove(other);
  });

  it('takes ids as keys and nothing that leads elsewhere', async () => {
    for (const key of ['../outside', 'a/b', '', 'A', 'x'.repeat(65), '..', '.part']) {
      await expect(place.storage.put(key, streamOf(randomBytes(1))), key).rejects.toThrow('is no key');
      await expect(place.storage.open(key), key).rejects.toThrow('is no key');
      await expect(place.storage.remove(key), key).rejects.toThrow('is no key');
    }
  });
});

describe('a directory without room', () => {
  it('says so, and keeps nothing', async () => {
    const place = await local();
    onTestFinished(() => place.close());
    const key = randomUUID();
    // The kernel answers each write to this device as a file system does that is full.
    await mkdir(join(place.directory, key.slice(-2)));
    await symlink('/dev/full', join(place.directory, key.slice(-2), `${key}.part`));
    const put = place.storage.put(key, streamOf(randomBytes(3 * MIB)));
    await expect(put).rejects.toMatchObject({ code: 'storage_full', kind: 'unavailable' });
    expect(await readdir(place.directory, { recursive: true })).toEqual([key.slice(-2)]);
  });

  it('is unavailable if it cannot be written to', async () => {
    const storage = new LocalStorage('/dev/null/nothing');
    await expect(storage.put(randomUUID(), streamOf(randomBytes(1)))).rejects.toMatchObject({
      code: 'storage_unavailable',
    });
  });
});

describe('a bucket', () => {
  it.each([
    [507, 'XMinioStorageFull', 'storage_full'],
    [403, 'QuotaExceeded', 'storage_full'],
    [403, 'AccessDenied', 'storage_unavailable'],
  ])('that refuses with %i %s is %s', async (status, code, expected) => {
    const place = await s3();
    onTestFinished(() => place.close());
    for (const size of [10, 20 * MIB]) {
      place.service.refusal = { status, code };
      const put = place.storage.put(randomUUID(), streamOf(randomBytes(size)));
      await expect(put).rejects.toMatchObject({ code: expected });
      expect(await place.leftovers()).toEqual([]);
    }
  });

  it('keeps nothing that was given up when it was there already', async () => {
    const place = await s3();
    onTestFinished(() => place.close());
    place.service.isSilent = true;
    const giveUp = new AbortController();
    const put = place.storage.put(randomUUID(), streamOf(randomBytes(10)), { signal: giveUp.signal });
    await waitUntil('it is there', () => place.service.objects.size === 1);
    giveUp.abort(new Error('The client has gone.'));
    await expect(put).rejects.toThrow('The client has gone.');
    expect(await place.leftovers()).toEqual([]);
  });

  it('that has gone is unavailable', async () => {
    const place = await s3();
    await place.close();
    const key = randomUUID();
    const attempts = [
      () => place.storage.put(key, streamOf(randomBytes(10))),
      () => place.storage.open(key),
      () => place.storage.stat(key),
      () => place.storage.remove(key),
    ];
    for (const attempt of attempts) {
      await expect(attempt()).rejects.toMatchObject({ code: 'storage_unavailable' });
    }
  });
});
