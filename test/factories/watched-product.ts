import { randomBytes } from 'node:crypto';
import { createConnection, type Connection } from 'mysql2/promise';
import { Redis } from 'ioredis';
import { expect } from 'vitest';
import { OwnRedis } from './own-redis.js';
import { createProduct, type Product, type ProductProcess } from './product.js';
import { Administrator } from './product-users.js';
import { type Alert, TestPrometheus } from './prometheus.js';
import { createTcpProxy, type TcpProxy } from './tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';
import { waitUntil } from './wait.js';

const TOKEN = 'the-token-of-a-test-that-watches';
const ALERT_TIMEOUT_MS = 40_000;

/** What the rules look back over, by how far they do in earnest: a test does not wait for an hour. */
const RANGES: Record<string, string> = {
  '1m': '10s',
  '5m': '20s',
  '30m': '20s',
  '6h': '20s',
  '10m': '2m',
  '15m': '2m',
  '1h': '2m',
};

/** The rules as they are, but that they fire at once and look back over less. No threshold is touched. */
export function hurryRules(text: string): string {
  return text
    .replaceAll(/^( +for:) \S+$/gm, '$1 0s')
    .replaceAll(/(\[| offset )(\d+[mh])\b/g, (_, before: string, range: string) => {
      const short = RANGES[range];
      if (!short) throw new Error(`No shorter range is known for ${range}.`);
      return before + short;
    });
}

/**
 * The built product as processes (one API, two workers), on a Redis of its own and a MySQL that can be cut off, watched
 * by a real Prometheus with our rules.
 */
export class WatchedProduct {
  /** What has fired since the start, as Prometheus told it first. */
  readonly fired = new Map<string, Alert>();

  private constructor(
    readonly product: Product,
    readonly api: ProductProcess & { url: string },
    readonly workers: readonly ProductProcess[],
    readonly prometheus: TestPrometheus,
    readonly redis: OwnRedis,
    readonly mysql: TcpProxy,
    private readonly database: TestDatabase,
    private readonly connection: Connection,
    private readonly administrator: Administrator,
    readonly user: { id: string; apiKey: string },
  ) {}

  static async start(settings: Record<string, string>): Promise<WatchedProduct> {
    const [redis, database] = await Promise.all([OwnRedis.start(), createTestDatabase()]);
    const mysql = await createTcpProxy(database.url);
    const product = await createProduct({
      LOCKKEEPER_DATABASE_URL: mysql.url,
      LOCKKEEPER_REDIS_URL: redis.url,
      LOCKKEEPER_METRICS_TOKEN: TOKEN,
      ...settings,
    });
    const api = await product.startApi();
    const workers = await Promise.all([product.startWorker(), product.startWorker()]);
    const administrator = await Administrator.of(product, api.url);
    const user = await administrator.createUser('1000');
    const prometheus = await TestPrometheus.start({
      targets: [new URL(api.url).host],
      token: TOKEN,
      intervalSeconds: 1,
      transformRules: hurryRules,
    });
    const connection = await createConnection(database.url);
    return new WatchedProduct(
      product,
      api,
      workers,
      prometheus,
      redis,
      mysql,
      database,
      connection,
      administrator,
      user,
    );
  }

  /** Waits until each of these alerts (without `Lockkeeper`) has fired. */
  async awaitAlerts(names: readonly string[], timeoutMs = ALERT_TIMEOUT_MS): Promise<void> {
    const missing = () => names.filter((name) => !this.fired.has(`Lockkeeper${name}`));
    await waitUntil(
      'the alerts',
      async () => {
        await this.noteAlerts();
        return missing().length === 0;
      },
      timeoutMs,
    ).catch(() => expect(missing(), 'alerts that did not fire').toEqual([]));
  }

  /** Notes what fires now. */
  async noteAlerts(): Promise<Alert[]> {
    const alerts = (await this.prometheus.alerts()).filter(({ state }) => state === 'firing');
    for (const alert of alerts) {
      const name = alert.labels['alertname'] ?? '';
      if (!this.fired.has(name)) this.fired.set(name, alert);
    }
    return alerts;
  }

  /** Asks the API as its administrator, or as `apiKey`. Returns the status. */
  async call(
    method: string,
    path: string,
    body?: object,
    apiKey = this.administrator.apiKey,
  ): Promise<number> {
    const response = await fetch(this.api.url + path, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        'idempotency-key': randomBytes(12).toString('hex'),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    await response.arrayBuffer();
    return response.status;
  }

  /** Uploads a file as the administrator. Returns the status. */
  async upload(name: string, content: string): Promise<number> {
    const form = new FormData();
    form.set('file', new Blob([content]), name);
    const response = await fetch(`${this.api.url}/api/files`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.administrator.apiKey}` },
      body: form,
    });
    await response.arrayBuffer();
    return response.status;
  }

  /** The names of the metrics that the API declares, whether there is a value or not. */
  async declaredMetrics(): Promise<string[]> {
    const response = await fetch(`${this.api.url}/metrics`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    const types = (await response.text()).matchAll(/^# TYPE (\w+) (\w+)$/gm);
    return [...types].flatMap(([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    );
  }

  /** One turn of a new conversation, to its end. */
  async chat(text = 'Hello'): Promise<void> {
    const body = { model: 'local:tokens=3', messages: [{ role: 'user', content: text }] };
    expect(await this.call('POST', '/v1/chat/completions', body, this.user.apiKey)).toBe(200);
  }

  log(message: string): Promise<number> {
    return this.call('POST', '/api/log', { device_id: 'd', log_level: 'INFO', message });
  }

  async sql(statement: string, values: readonly string[] = []): Promise<void> {
    await this.connection.query(statement, [...values]);
  }

  /** Something with a connection of its own, such as locks. */
  async withConnection(work: (connection: Connection) => Promise<void>): Promise<void> {
    const connection = await createConnection(this.database.url);
    try {
      await work(connection);
    } finally {
      await connection.end();
    }
  }

  async withRedis<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(this.redis.url);
    try {
      return await work(client);
    } finally {
      client.disconnect();
    }
  }

  /** Waits until an expression is true. */
  async awaitTrue(expr: string): Promise<void> {
    await waitUntil(expr, async () => (await this.prometheus.query(expr)).length > 0, ALERT_TIMEOUT_MS);
  }

  async dispose(): Promise<void> {
    await this.prometheus.dispose();
    this.redis.thaw();
    await this.product.dispose();
    await this.connection.end();
    await Promise.all([this.redis.dispose(), this.mysql.cut().catch(() => undefined)]);
    await this.database.drop();
  }
}
