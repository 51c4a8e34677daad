import { TestLogs } from './logs.js';
import { bearer, createUser } from './users.js';

type Inject = Exclude<Parameters<TestLogs['test']['app']['inject']>[0], string>;

/** An API whose routes for logs are called, and a writer. */
export class TestLogIntake {
  private constructor(
    readonly logs: TestLogs,
    /** Of an ordinary user, whose keys may write logs. */
    readonly key: string,
  ) {}

  static async create(settings: Record<string, string> = {}): Promise<TestLogIntake> {
    const logs = await TestLogs.create(settings);
    return new TestLogIntake(logs, (await createUser(logs.test)).apiKey);
  }

  /** Posts a body as it is, or an object as JSON. */
  post(url: string, payload: Buffer | string | object, headers: Record<string, string> = {}) {
    return this.logs.test.app.inject({
      method: 'POST',
      url,
      headers: { ...bearer(this.key), 'content-type': 'application/json', ...headers },
      payload: payload as Inject['payload'],
    });
  }

  get(url: string) {
    return this.logs.test.app.inject({ url, headers: bearer(this.key) });
  }

  /** Everything that was taken in for a device, once it is stored. */
  async storedOf(deviceId: string) {
    await this.logs.drain();
    return this.logs.stored(deviceId);
  }

  close(): Promise<void> {
    return this.logs.close();
  }
}
