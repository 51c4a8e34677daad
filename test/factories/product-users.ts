import { randomBytes } from 'node:crypto';
import type { Product } from './product.js';

const USER_SCOPES = ['chat', 'conversations:read', 'conversations:write', 'coins:read'];

/** The administrator of a product that runs as processes, and the calls that only an administrator may make. */
export class Administrator {
  private constructor(
    private readonly apiUrl: string,
    readonly apiKey: string,
  ) {}

  static async of(product: Product, apiUrl: string): Promise<Administrator> {
    const email = `admin-${randomBytes(6).toString('hex')}@example.com`;
    const output = await product.runCommand(
      ['ensure-administrator', '--email', email, '--coins', '1000', '--json'],
      'a password of some length\n',
    );
    const { api_key: apiKey } = JSON.parse(output) as { api_key: string };
    return new Administrator(apiUrl, apiKey);
  }

  /** A new user with this many coins and an API key for chat, and for what else is named. */
  async createUser(coins: string, scopes: readonly string[] = []): Promise<{ id: string; apiKey: string }> {
    const email = `user-${randomBytes(6).toString('hex')}@example.com`;
    const password = 'a password of some length';
    const { id } = await this.call<{ id: string }>('POST', '/api/users', { email, password, role: 'user' });
    if (Number(coins) > 0) await this.grantCoins(id, coins);
    const session = await this.call<{ access_token: string }>('POST', '/api/auth/sign-in', {
      email,
      password,
    });
    const key = await this.call<{ api_key: string }>(
      'POST',
      '/api/api-keys',
      { name: 'test', scopes: [...USER_SCOPES, ...scopes] },
      session.access_token,
    );
    return { id, apiKey: key.api_key };
  }

  async grantCoins(userId: string, amount: string): Promise<void> {
    await this.call('POST', `/api/coins/accounts/${userId}/grants`, { amount, reason: 'adjustment' });
  }

  private async call<T>(method: string, path: string, body: unknown, token = this.apiKey): Promise<T> {
    const response = await fetch(this.apiUrl + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': randomBytes(12).toString('hex'),
      },
      body: JSON.stringify(body),
    });
    if (!response.ok)
      throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }
}
