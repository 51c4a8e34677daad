import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Transactions } from '../../src/platform/database/index.js';
import { rowsOf, straysIn, WHOLE } from '../factories/ingestion-books.js';
import {
  CHUNKS,
  documentOf,
  EMBEDDED_AT_ONCE,
  IngestionServices,
  traps,
} from '../factories/ingestion-traps.js';
import { createProduct, type Product, type ProductProcess } from '../factories/product.js';
import { Administrator } from '../factories/product-users.js';
import { createRunDirectory, type TestRunDirectory } from '../factories/run-directory.js';
import { openDatabase } from '../factories/test-database.js';
import { waitUntil } from '../factories/wait.js';

const LONG_MS = 300_000;
const DONE_MS = 120_000;

/** What of the answers is looked at. */
interface Answered {
  id?: string;
  file_id?: string;
  status?: string;
  items?: unknown[];
}

describe('a file whose worker is killed', { timeout: LONG_MS }, () => {
  let services: IngestionServices;
  let product: Product;
  let database: Transactions & AsyncDisposable;
  let url: string;
  let worker: ProductProcess | undefined;
  let administrator: Administrator;
  let temporary: TestRunDirectory;
  beforeAll(async () => {
    services = await IngestionServices.start();
    temporary = createRunDirectory();
    const copies = join(temporary.path, 'copies');
    await mkdir(copies);
    product = await createProduct({
      ...services.settings,
      LOCKKEEPER_TASKS_HEARTBEAT_TIMEOUT_MS: '2000',
      TMPDIR: copies,
    });
    ({ url } = await product.startApi());
    administrator = await Administrator.of(product, url);
    database = await openDatabase(product.environment['LOCKKEEPER_DATABASE_URL'] ?? '');
  }, LONG_MS);
  afterAll(async () => {
    await product?.dispose();
    await database?.[Symbol.asyncDispose]();
    await services?.close();
    temporary?.remove();
  });

  const copies = () => readdir(product.environment['TMPDIR'] ?? '');
  const call = async (apiKey: string, method: string, path: string, body?: FormData | object) => {
    const answer = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body && !(body instanceof FormData) && { 'content-type': 'application/json' }),
      },
      ...(body && { body: body instanceof FormData ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Answered };
  };

  /** Uploads a document into a collection: so it is known to the search before anything works on it. */
  async function upload(apiKey: string): Promise<string> {
    const made = await call(apiKey, 'POST', '/api/collections', { name: 'All' });
    const form = new FormData();
    form.set('collection_id', made.body.id ?? '');
    form.set('file', new Blob([documentOf('otters')]), 'otters.md');
    const { status, body } = await call(apiKey, 'POST', '/api/files', form);
    expect(status).toBe(201);
    return body.file_id ?? '';
  }

  it.each(Object.entries(traps))('while %s is in the end as if nothing had happened', async (_step, set) => {
    await worker?.stop();
    services.answer();
    const { id: userId, apiKey } = await administrator.createUser('1000', ['files', 'knowledge', 'tasks']);
    const fileId = await upload(apiKey);
    const databaseUrl = product.environment['LOCKKEEPER_DATABASE_URL'] ?? '';
    const trap = await set(services, { fileId, databaseUrl, database });
    try {
      worker = await product.startWorker();
      await trap.sprung;
      await worker.kill();
    } finally {
      await trap.release();
    }
    worker = await product.startWorker();
    await waitUntil(
      'the file is whole',
      async () => {
        const { body } = await call(apiKey, 'GET', `/api/files/${fileId}`);
        expect(body.status).not.toBe('failed');
        return body.status === 'completed';
      },
      DONE_MS,
    );
    await waitUntil(
      'its task has ended',
      async () => !('tasks that have not ended' in (await straysIn(database))),
    );
    expect(await rowsOf(database, userId)).toEqual(WHOLE);
    expect(await straysIn(database)).toEqual({});
    // None is embedded again but those that were just being embedded.
    expect(new Set(services.embedded).size).toBe(CHUNKS);
    expect(services.embedded.length).toBeLessThanOrEqual(CHUNKS + EMBEDDED_AT_ONCE);
    expect([...services.storage.objects.keys()]).toContain(fileId);
    expect(services.storage.uploads.size).toBe(0);
    expect(await copies()).toEqual([]);
    const found = await call(apiKey, 'GET', '/api/knowledge/search?q=part+7');
    expect(found.body.items).not.toEqual([]);
    expect((await call(apiKey, 'DELETE', `/api/files/${fileId}`)).status).toBe(204);
    await waitUntil('nothing is left', () => !services.storage.objects.has(fileId), DONE_MS);
    const nothing = Object.fromEntries(Object.keys(WHOLE).map((key) => [key, 0]));
    expect(await rowsOf(database, userId)).toEqual(nothing);
  });
});
