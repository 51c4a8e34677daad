import type { INestApplicationContext } from '@nestjs/common';
import { IngestionServices, documentOf, type Trap, traps } from './ingestion-traps.js';
import { formOf, TestFiles } from './files.js';
import { pauseSchedules } from './paused-schedules.js';
import { createTestApp, type TestApp } from './test-app.js';
import { createTestWorker } from './test-worker.js';
import { bearer, type TestUser } from './users.js';
import { waitUntil } from './wait.js';

/** An API whose files nobody works on until a worker is started, with services that can be held in any step. */
export class IngestionBench {
  private worker: INestApplicationContext | undefined;

  private constructor(
    readonly test: TestApp,
    readonly files: TestFiles,
    readonly services: IngestionServices,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<IngestionBench> {
    const services = await IngestionServices.start();
    const test = await createTestApp({ ...services.settings, ...settings });
    await pauseSchedules(test.environment);
    return new IngestionBench(test, await TestFiles.listen(test), services);
  }

  /** Uploads a document into a new collection: so it is known to the search at once. @returns its id */
  async upload(user: TestUser, marker: string): Promise<string> {
    const made = await this.test.app.inject({
      method: 'POST',
      url: '/api/collections',
      headers: bearer(user.accessToken),
      payload: { name: marker },
    });
    const form = formOf(documentOf(marker), 'document.md', { collection_id: made.json<{ id: string }>().id });
    const { status, body } = await this.files.send(user, form);
    if (status !== 201) throw new Error(`The upload was answered ${status}: ${JSON.stringify(body)}`);
    return body.file_id;
  }

  setTrap(step: string, fileId: string): Promise<Trap> {
    const set = traps[step];
    if (!set) throw new Error(`There is no step ${step}.`);
    const databaseUrl = this.test.environment['LOCKKEEPER_DATABASE_URL'] ?? '';
    return set(this.services, { fileId, databaseUrl, database: this.files.transactions });
  }

  async startWorker(): Promise<INestApplicationContext> {
    this.worker = await createTestWorker(this.test.environment);
    return this.worker;
  }

  async stopWorker(): Promise<void> {
    await this.worker?.close();
    this.worker = undefined;
  }

  /** Waits until a file is processed. @throws if it has failed. */
  async completed(user: TestUser, fileId: string): Promise<void> {
    await waitUntil(
      'the file is processed',
      async () => {
        const { status, message } = await this.files.read(user, fileId);
        if (status === 'failed') throw new Error(`The file has failed: ${message}`);
        return status === 'completed';
      },
      60_000,
    );
  }

  async close(): Promise<void> {
    await this.stopWorker();
    await this.test.close();
    await this.services.close();
  }
}
