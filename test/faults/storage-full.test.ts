import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Transactions } from '../../src/platform/database/index.js';
import { type ApiProcess } from '../factories/own-product.js';
import { formOf, uniqueText } from '../factories/files.js';
import { createProduct, type Product } from '../factories/product.js';
import { Administrator } from '../factories/product-users.js';
import { openDatabase } from '../factories/test-database.js';

const ROOM_BYTES = 1_000_000;

/** No file of a process grows beyond this; the kernel refuses the write that would make it. Empty: as before. */
async function limitFiles({ child }: ApiProcess, bytes: number | ''): Promise<void> {
  await promisify(execFile)('prlimit', [
    '--pid',
    String(child.pid),
    `--fsize=${bytes === '' ? 'unlimited' : bytes}:`,
  ]);
}

describe('a storage that has no room in the middle of an upload', () => {
  let product: Product;
  let api: ApiProcess;
  let database: Transactions & AsyncDisposable;
  let user: { id: string; apiKey: string };
  beforeAll(async () => {
    product = await createProduct();
    api = await product.startApi();
    database = await openDatabase(product.environment['LOCKKEEPER_DATABASE_URL'] ?? '');
    const administrator = await Administrator.of(product, api.url);
    user = await administrator.createUser('0', ['files']);
  });
  afterAll(async () => {
    await product?.dispose();
    await database?.[Symbol.asyncDispose]();
  });

  const upload = async (content: string) => {
    const answer = await fetch(`${api.url}/api/files`, {
      method: 'POST',
      headers: { authorization: `Bearer ${user.apiKey}` },
      body: formOf(content, 'a.txt'),
    });
    const body = (await answer.json()) as { code?: string; file_id?: string };
    return { ...body, status: answer.status, retryAfter: answer.headers.get('retry-after') };
  };
  const stored = async () => {
    const directory = product.environment['LOCKKEEPER_STORAGE_DIR'] ?? '';
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  };
  const rows = async () => {
    const found: { id: string }[] = await database.single.query('SELECT id FROM files ORDER BY id');
    return found.map(({ id }) => id);
  };

  it('says so, keeps nothing of it, and takes all the others in, before, beside and after', async () => {
    const large = uniqueText().repeat((3 * ROOM_BYTES) / uniqueText().length);
    await limitFiles(api, ROOM_BYTES);
    const answers = await Promise.all([
      upload(large),
      upload(uniqueText()),
      upload(`${large}!`),
      upload(uniqueText()),
    ]);
    const full = { status: 503, code: 'storage_full', retryAfter: '60' };
    expect(answers).toEqual([
      expect.objectContaining(full),
      expect.objectContaining({ status: 201 }),
      expect.objectContaining(full),
      expect.objectContaining({ status: 201 }),
    ]);
    const ids = answers.flatMap(({ file_id: id }) => id ?? []).toSorted();
    expect(ids).toHaveLength(2);
    expect(await rows()).toEqual(ids);
    expect((await stored()).toSorted()).toEqual(ids);
    const [usage]: { file_count: number; byte_count: string }[] = await database.single.query(
      'SELECT file_count, byte_count FROM file_owners WHERE owner_id = ?',
      [user.id],
    );
    expect(usage).toMatchObject({ file_count: 2, byte_count: String(2 * uniqueText().length) });
    const tasks: unknown[] = await database.single.query('SELECT id FROM tasks');
    expect(tasks).toHaveLength(2);
    // As soon as there is room again, the same is taken.
    await limitFiles(api, '');
    expect(await upload(large)).toMatchObject({ status: 201 });
    expect(await rows()).toHaveLength(3);
  });
});
