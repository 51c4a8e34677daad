import { expect } from 'vitest';
import type { Transactions } from '../../src/platform/database/index.js';
import { LogClients } from './log-clients.js';
import { LogLedger, type LogCounts } from './log-ledger.js';
import { createProduct, type Product, type ProductProcess } from './product.js';
import { Administrator } from './product-users.js';
import type { Random } from './random.js';
import { openDatabase } from './test-database.js';
import { waitUntil } from './wait.js';

/** After the end of all faults: what died is taken over, and the backlog is stored; a test machine takes its time. */
const CLEAR_UP_MS = 60_000;
const RECEIPTS_ASKED = 50;

export type LogApiProcess = ProductProcess & { url: string };

/** The books as `GET /api/logs/accounting` shows them. */
export interface AccountingAnswer {
  is_closed: boolean;
  accepted_lines: number;
  stored_lines: number;
  quarantined_lines: number;
  pending_lines: number;
  backlog: { entries: number; bytes: number; limit_bytes: number };
}

/** API processes and workers, devices that send them logs, and the account of all that was sent. */
export class LogProduct {
  readonly ledger = new LogLedger();
  readonly clients: LogClients;
  /** Where the devices send to, if not to the API processes by turns. */
  entryUrl: string | undefined;

  private constructor(
    readonly product: Product,
    readonly database: Transactions & AsyncDisposable,
    readonly apis: LogApiProcess[],
    readonly workers: ProductProcess[],
    readonly apiKey: string,
    random: Random,
  ) {
    this.clients = new LogClients({
      urls: () => (this.entryUrl === undefined ? this.urls : [this.entryUrl]),
      apiKey,
      ledger: this.ledger,
      random,
    });
  }

  /** `settings` may name servers of the test's own. What writers that died had is taken over after 1.5 s. */
  static async start(
    settings: Record<string, string>,
    random: Random,
    { apis: apiCount = 2, workers: workerCount = 2 } = {},
  ): Promise<LogProduct> {
    const product = await createProduct({
      LOCKKEEPER_LOGS_CLAIM_IDLE_MS: '1500',
      LOCKKEEPER_LOGS_STORED_WAIT_MS: '2000',
      ...settings,
    });
    try {
      const database = await openDatabase(product.environment['LOCKKEEPER_DATABASE_URL'] ?? '');
      const [apis, workers] = await Promise.all([
        Promise.all(Array.from({ length: apiCount }, () => product.startApi())),
        Promise.all(Array.from({ length: workerCount }, () => product.startWorker())),
      ]);
      const { apiKey } = await Administrator.of(product, apis[0]?.url ?? '');
      return new LogProduct(product, database, apis, workers, apiKey, random);
    } catch (error) {
      await product.dispose();
      throw error;
    }
  }

  /** The API processes that run. */
  get urls(): string[] {
    const running = this.apis.filter(({ child }) => child.signalCode === null && child.exitCode === null);
    return (running.length > 0 ? running : this.apis).map((api) => api.url);
  }

  /** On the port that it had. */
  async startApiAgain(index: number): Promise<void> {
    const { port } = new URL(this.apis[index]?.url ?? '');
    this.apis[index] = await this.product.startApi({ PORT: port });
  }

  async startWorkerAgain(index: number): Promise<void> {
    this.workers[index] = await this.product.startWorker();
  }

  /** Anything of the API, as an administrator asks it. */
  get(path: string): Promise<Response> {
    return fetch(this.urls[0] + path, { headers: { authorization: `Bearer ${this.apiKey}` } });
  }

  async accounting(): Promise<AccountingAnswer> {
    const response = await this.get('/api/logs/accounting');
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as AccountingAnswer;
  }

  /** Waits until so many more requests were taken in, and so many more answered that they are stored. */
  async awaitGoingOn(taken: number, stored: number, timeoutMs = 60_000): Promise<void> {
    const count = () => [
      this.ledger.count(({ isTaken }) => isTaken),
      this.ledger.count(({ answer }) => answer.fate === 'stored'),
    ];
    const [takenBefore = 0, storedBefore = 0] = count();
    await waitUntil(
      `${taken} more requests taken in and ${stored} stored`,
      () => {
        const [takenNow = 0, storedNow = 0] = count();
        return takenNow >= takenBefore + taken && storedNow >= storedBefore + stored;
      },
      timeoutMs,
    );
  }

  /**
   * Lets the devices end, waits until nothing is pending, and expects that nothing was lost, doubled or half taken in;
   * that the books close, for the API and for the command; and that receipts say so.
   */
  async expectNothingLost(): Promise<LogCounts> {
    await this.clients.stop();
    let books: AccountingAnswer | undefined;
    await waitUntil(
      'nothing pending',
      async () => {
        books = await this.accounting().catch(() => undefined);
        return books?.pending_lines === 0;
      },
      CLEAR_UP_MS,
    ).catch(() => expect(books, 'the books').toMatchObject({ pending_lines: 0 }));
    const counts = await this.ledger.expectStored(this.database);
    const stored = counts.takenLines + counts.storedUnheard;
    expect(await this.accounting()).toMatchObject({
      is_closed: true,
      accepted_lines: stored,
      stored_lines: stored,
      quarantined_lines: 0,
      pending_lines: 0,
      backlog: { entries: 0, bytes: 0 },
    });
    // Ends with another code than 0, and so throws here, if anything disagrees.
    await this.product.runCommand(['logs-accounting']);
    await this.expectReceipts();
    return counts;
  }

  async dispose(): Promise<void> {
    await this.clients.stop();
    await this.product.dispose();
    await this.database[Symbol.asyncDispose]();
  }

  private async expectReceipts(): Promise<void> {
    const receipts = this.ledger.sent.flatMap(({ answer }) => answer.receipt_id ?? []).slice(-RECEIPTS_ASKED);
    const fates = await Promise.all(
      receipts.map(async (id) => (await this.get(`/api/logs/receipts/${id}`)).json() as Promise<object>),
    );
    expect(fates).toEqual(receipts.map((receipt_id) => ({ receipt_id, fate: 'stored' })));
  }
}
