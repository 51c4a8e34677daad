import { Redis } from 'ioredis';
import { expect } from 'vitest';
import { SAVE_SHARDS } from '../../src/modules/conversation/domain/shards.js';
import { chunksKey, placeOfMember, shardKeys } from '../../src/modules/conversation/keeping/turn-keys.js';
import type { Transactions } from '../../src/platform/database/index.js';
import { ChatClients, type ChatUser } from './chat-clients.js';
import { expectCleanBooks } from './clean-books.js';
import { createProduct, type Product, type ProductProcess } from './product.js';
import { Administrator } from './product-users.js';
import { openDatabase } from './test-database.js';
import { type ClientTurn, type TurnCounts, TurnLedger } from './turn-ledger.js';
import { waitUntil } from './wait.js';

/** After the end of all faults: the longest lease of a hold, and two sweeps; a test machine takes its time. */
const CLEAR_UP_MS = 90_000;
const USERS = 5;

export type ApiProcess = ProductProcess & { url: string };

/** Several API processes and workers, clients that chat through them, and the account of all that was said. */
export class OwnProduct {
  readonly ledger = new TurnLedger();
  readonly clients: ChatClients;
  private readonly redis: Redis;

  private constructor(
    readonly product: Product,
    readonly database: Transactions & AsyncDisposable,
    readonly apis: ApiProcess[],
    readonly workers: ProductProcess[],
    readonly administrator: Administrator,
    readonly users: ChatUser[],
    model: string,
  ) {
    this.redis = new Redis(product.environment['LOCKKEEPER_REDIS_URL'] ?? '');
    // A test may take it away.
    this.redis.on('error', () => undefined);
    this.clients = new ChatClients({
      urls: () => this.apis.filter((api) => api.child.signalCode === null).map((api) => api.url),
      users,
      ledger: this.ledger,
      model,
    });
  }

  /** `settings` may name servers of the test's own. */
  static async start(
    settings: Record<string, string>,
    {
      model = 'local:delay_ms=60',
      apis: apiCount = 2,
      workers: workerCount = 2,
      users: userCount = USERS,
    } = {},
  ): Promise<OwnProduct> {
    const product = await createProduct({
      LOCKKEEPER_TURN_LEASE_MS: '10000',
      LOCKKEEPER_CHAT_HISTORY_MESSAGES: '2',
      ...settings,
    });
    try {
      const database = await openDatabase(product.environment['LOCKKEEPER_DATABASE_URL'] ?? '');
      const apis = await Promise.all(Array.from({ length: apiCount }, () => product.startApi()));
      const workers = await Promise.all(Array.from({ length: workerCount }, () => product.startWorker()));
      const administrator = await Administrator.of(product, apis[0]?.url ?? '');
      const users: ChatUser[] = [];
      while (users.length < userCount) users.push(await administrator.createUser('1000'));
      return new OwnProduct(product, database, apis, workers, administrator, users, model);
    } catch (error) {
      await product.dispose();
      throw error;
    }
  }

  /** `kill -9` of one API process. What was noted of its turns goes into the ledger. */
  async killApi(index: number): Promise<void> {
    await this.apis[index]?.kill();
    for (const [turnId, text] of await this.readNotes()) this.ledger.noted.set(turnId, text);
  }

  async startApiAgain(index: number): Promise<void> {
    this.apis[index] = await this.product.startApi();
  }

  async killWorker(index: number): Promise<void> {
    await this.workers[index]?.kill();
  }

  async startWorkerAgain(index: number): Promise<void> {
    this.workers[index] = await this.product.startWorker();
  }

  /** The place of the process that was asked for a turn. */
  apiOf({ apiUrl }: ClientTurn): number {
    return this.apis.findIndex(({ url }) => url === apiUrl);
  }

  /** What is noted in Redis of the answers of all running turns, by the turns' ids. */
  async readNotes(): Promise<Map<string, string>> {
    const members: string[] = [];
    for (let shard = 0; shard < SAVE_SHARDS; shard++)
      members.push(...(await this.redis.zrange(shardKeys(shard).running, 0, -1)));
    const notes = new Map<string, string>();
    for (const member of members) {
      const { conversationId, turnId } = placeOfMember(member);
      const pieces = await this.redis.lrange(chunksKey(conversationId, turnId), 0, -1);
      notes.set(turnId, pieces.map((piece) => (JSON.parse(piece) as { text: string }).text).join(''));
    }
    return notes;
  }

  /** Whether the database keeps turns that are not saved, as it does while Redis is away. */
  async isAnyTurnInDatabase(): Promise<boolean> {
    const rows: unknown[] = await this.database.single.query('SELECT id FROM waiting_turns LIMIT 1');
    return rows.length > 0;
  }

  /** Waits until clients have got so many more answers to the end, so that it is known that all goes on. */
  async awaitDone(count: number, timeoutMs = 60_000): Promise<void> {
    const before = this.ledger.count('done');
    await waitUntil(`${count} more answers`, () => this.ledger.count('done') >= before + count, timeoutMs);
  }

  /** What an operator's monitor sees, by way of one API process. */
  async health(path = '', index = 0): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`${this.apis[index]?.url}/health${path}`);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  /**
   * Lets the clients end, waits until all is cleared up, and expects that every accepted turn was saved once and in
   * order, paid for once, that the books agree, and that nothing runs, waits or is held any more.
   */
  async expectNothingLost(): Promise<TurnCounts> {
    await this.clients.stop();
    await waitUntil('all saved and nothing left', async () => !(await this.unfinished()), CLEAR_UP_MS).catch(
      async () => expect(await this.unfinished()).toBeUndefined(),
    );
    await this.endForgottenHolds();
    const counts = await this.ledger.expectSaved(this.database);
    for (const userId of this.ledger.userIds) await expectCleanBooks(this.database, userId);
    // Ends with another code than 0, and so throws here, if it finds anything.
    await this.product.runCommand(['coins-reconcile']);
    return counts;
  }

  async dispose(): Promise<void> {
    await this.clients.stop();
    this.redis.disconnect();
    await this.product.dispose();
    await this.database[Symbol.asyncDispose]();
  }

  private async unfinished(): Promise<object | undefined> {
    const unsaved = await this.ledger.findUnsaved(this.database);
    const leftOvers = await this.leftOvers();
    if (unsaved.length + leftOvers.length === 0) return undefined;
    return {
      unsaved: unsaved.map(({ id, conversationId, state, failure }) => ({
        id,
        conversationId,
        state,
        failure,
      })),
      leftOvers,
    };
  }

  /** What still says of a turn that it runs, waits or is parked. */
  private async leftOvers(): Promise<string[]> {
    const keys = await this.redis.keys('{lockkeeper-saves-*');
    const leases = keys.filter((key) => key.includes(':leases:'));
    const leaseEnds = await Promise.all(leases.map((key) => this.redis.hvals(key)));
    const waiting: { id: string }[] = await this.database.single.query(
      `SELECT id FROM waiting_turns WHERE state <> 'skipped' UNION SELECT conversation_id FROM parked_conversations`,
    );
    const queue = (await this.health()).body['queue_size'];
    return [
      // The pieces of answers can be read for some minutes after; who stood in line without having been accepted is
      // forgotten by the next one.
      ...keys.filter((key) => !/:(chunks|line|leases):/.test(key)),
      ...leases.filter((_, index) => leaseEnds[index]?.some((end) => Number(end) > Date.now())),
      ...waiting.map(({ id }) => id),
      ...(queue === 0 ? [] : [`queue_size ${String(queue)}`]),
    ];
  }

  /**
   * What was held for requests that were refused or broke off before they were accepted comes back with the end of its
   * lease. That end is brought forward, since nothing else is waited for.
   */
  private async endForgottenHolds(): Promise<void> {
    const open: { id: string }[] = await this.database.single.query(
      `SELECT h.id FROM coin_holds h JOIN turns t ON t.id = h.id WHERE h.status = 'open'`,
    );
    expect(open, 'holds of saved turns that are open').toEqual([]);
    await this.database.single.query(
      `UPDATE coin_holds SET expires_at = UTC_TIMESTAMP(3) WHERE status = 'open'`,
    );
    await waitUntil(
      'the end of all holds',
      async () => {
        const left: unknown[] = await this.database.single.query(
          `SELECT id FROM coin_holds WHERE status = 'open' LIMIT 1`,
        );
        return left.length === 0;
      },
      CLEAR_UP_MS,
    );
  }
}
