import { randomBytes } from 'node:crypto';
import { createProduct, type Product, type ProductProcess } from './product.js';

export const CONSOLE_PASSWORD = 'a password of some length';

/** The built product with one API process, a worker and an administrator, for tests that look at its console. */
export interface ConsoleProduct extends AsyncDisposable {
  readonly product: Product;
  readonly api: ProductProcess & { url: string };
  readonly worker: ProductProcess;
  readonly administrator: { readonly email: string; readonly password: string; readonly apiKey: string };
  /** A call of the API as the administrator, by key. */
  call<T>(method: string, path: string, body?: unknown): Promise<T>;
}

/** `settings` may name servers of the test's own. */
export async function startConsoleProduct(settings: Record<string, string> = {}): Promise<ConsoleProduct> {
  const product = await createProduct(settings);
  const email = `admin-${randomBytes(6).toString('hex')}@example.com`;
  try {
    const output = await product.runCommand(
      ['ensure-administrator', '--email', email, '--coins', '1000', '--json'],
      `${CONSOLE_PASSWORD}\n`,
    );
    const { api_key: apiKey } = JSON.parse(output) as { api_key: string };
    const [api, worker] = await Promise.all([product.startApi(), product.startWorker()]);
    return {
      product,
      api,
      worker,
      administrator: { email, password: CONSOLE_PASSWORD, apiKey },
      call: (method, path, body) => callApi(api.url, apiKey, method, path, body),
      [Symbol.asyncDispose]: () => product.dispose(),
    };
  } catch (error) {
    await product.dispose();
    throw error;
  }
}

async function callApi<T>(
  url: string,
  apiKey: string,
  method: string,
  path: string,
  body: unknown,
): Promise<T> {
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: `Bearer ${apiKey}`,
      'idempotency-key': randomBytes(12).toString('hex'),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}
