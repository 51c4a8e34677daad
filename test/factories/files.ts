import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { Transactions } from '../../src/platform/database/index.js';
import type { TestApp } from './test-app.js';
import { bearer, createUser, type TestUser } from './users.js';
import { waitUntil } from './wait.js';

export interface FileBody {
  id: string;
  name: string;
  media_type: string;
  size_bytes: number;
  sha256: string;
  status: string;
  steps: Record<string, string>;
  message: string | null;
  job_id: string | null;
}

export interface ReceiptBody {
  file_id: string;
  job_id: string;
  status: string;
}

export interface FileAnswer<T> {
  status: number;
  body: T & { code?: string; param?: string; detail?: string; details?: Record<string, unknown> };
}

/** A text of its own in each call, so that it is nobody's duplicate. */
export function uniqueText(): string {
  return `A text about otters, ${randomBytes(8).toString('hex')}.\n`;
}

/** Files of an installation, as their owners see them; and their bytes, past the product. */
export class TestFiles {
  constructor(readonly test: TestApp) {}

  /** Takes connections on a free port: forms go over real ones. */
  static async listen(test: TestApp): Promise<TestFiles> {
    await test.app.listen(0, '127.0.0.1');
    return new TestFiles(test);
  }

  get transactions(): Transactions {
    return this.test.app.get(Transactions);
  }

  user(): Promise<TestUser> {
    return createUser(this.test);
  }

  async url(path = ''): Promise<string> {
    return `${(await this.test.app.getUrl()).replace('[::1]', '127.0.0.1')}/api/files${path}`;
  }

  async send<T = ReceiptBody>(user: TestUser, form: FormData): Promise<FileAnswer<T>> {
    const answer = await fetch(await this.url(), {
      method: 'POST',
      body: form,
      headers: bearer(user.accessToken),
    });
    return { status: answer.status, body: (await answer.json()) as FileAnswer<T>['body'] };
  }

  upload(user: TestUser, content: string | Uint8Array, name = 'notes.txt') {
    return this.send(user, formOf(content, name));
  }

  /** Uploads what must be taken. @returns its id. */
  async uploaded(
    user: TestUser,
    content: string | Uint8Array = uniqueText(),
    name?: string,
  ): Promise<string> {
    const { status, body } = await this.upload(user, content, name);
    if (status !== 201) throw new Error(`The upload was answered ${status}: ${JSON.stringify(body)}`);
    return body.file_id;
  }

  async call<T = FileBody>(user: TestUser, method: string, path = ''): Promise<FileAnswer<T>> {
    const answer = await this.test.app.inject({
      method: method as 'GET',
      url: `/api/files${path}`,
      headers: bearer(user.accessToken),
    });
    return { status: answer.statusCode, body: answer.body === '' ? ({} as never) : answer.json() };
  }

  async read(user: TestUser, id: string): Promise<FileBody> {
    return (await this.call(user, 'GET', `/${id}`)).body;
  }

  /** Everything below the directory of the storage that is a file. */
  async stored(): Promise<string[]> {
    const directory = this.test.environment['LOCKKEEPER_STORAGE_DIR'] ?? '';
    const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  }

  async rows(user: TestUser): Promise<{ id: string; status: string }[]> {
    return this.transactions.single.query('SELECT id, status FROM files WHERE owner_id = ?', [user.id]);
  }

  /** What is counted for the quota. */
  async usage(user: TestUser): Promise<{ files: number; bytes: number }> {
    const [row]: { file_count: number; byte_count: string }[] = await this.transactions.single.query(
      'SELECT file_count, byte_count FROM file_owners WHERE owner_id = ?',
      [user.id],
    );
    return { files: row?.file_count ?? 0, bytes: Number(row?.byte_count ?? 0) };
  }

  /** Waits until nothing is left of a user's files, and checks that none is counted. */
  async nothingLeft(user: TestUser): Promise<void> {
    await waitUntil('nothing is left', async () => (await this.rows(user)).length === 0);
    const usage = await this.usage(user);
    if (usage.files !== 0 || usage.bytes !== 0) throw new Error(`Counted are ${JSON.stringify(usage)}.`);
  }
}

export function formOf(content: string | Uint8Array, name: string, fields: Record<string, string> = {}) {
  const form = new FormData();
  for (const [key, value] of Object.entries(fields)) form.set(key, value);
  form.set('file', new Blob([new Uint8Array(Buffer.from(content))]), name);
  return form;
}
