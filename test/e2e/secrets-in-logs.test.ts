import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProduct, type Product, type ProductProcess } from '../factories/product.js';
import { waitUntil } from '../factories/wait.js';

const PASSWORD = 'a password that nobody may read';
const EMAIL = 'secrets@example.com';
const FALSE_KEY = `lk_${'K'.repeat(43)}`;
const FALSE_COOKIE = `lkc_${'C'.repeat(43)}`;
const URL_TOKEN = 'token-in-a-url-0123456789';

describe('the log of an API process', () => {
  let product: Product;
  let api: ProductProcess & { url: string };
  beforeAll(async () => {
    product = await createProduct({ LOCKKEEPER_SIGN_UP_OPEN: 'true', LOCKKEEPER_LOG_LEVEL: 'trace' });
    api = await product.startApi();
  });
  afterAll(() => product.dispose());

  const send = (
    path: string,
    init: { method?: string; body?: string; headers?: Record<string, string> } = {},
  ) =>
    fetch(`${api.url}${path}`, {
      ...init,
      headers: { ...(init.body !== undefined && { 'content-type': 'application/json' }), ...init.headers },
    });

  it('has lines of all that was asked, and no secret that was in it', async () => {
    const credentials = JSON.stringify({ email: EMAIL, password: PASSWORD });
    const post = (path: string, body: string, headers = {}) => send(path, { method: 'POST', body, headers });
    expect((await post('/api/auth/sign-up', credentials)).status).toBe(201);
    const session = (await (await post('/api/auth/sign-in', credentials)).json()) as Record<string, string>;
    const signedIn = await post('/api/console/session', credentials);
    const { csrf_token } = (await signedIn.json()) as { csrf_token: string };
    const [cookie = ''] = (signedIn.headers.get('set-cookie') ?? '').split(';');
    const authorization = `Bearer ${session['access_token']}`;
    const key = (await (
      await post('/api/api-keys', JSON.stringify({ name: 'mine', scopes: ['chat'] }), { authorization })
    ).json()) as { api_key: string };
    // What goes wrong is logged the most of.
    await post('/api/auth/sign-in', `{"email": "${EMAIL}", "password": "${PASSWORD}", `);
    await post('/api/auth/sign-in', JSON.stringify({ email: PASSWORD, password: { secret: PASSWORD } }));
    await post('/api/auth/refresh', JSON.stringify({ refresh_token: `${URL_TOKEN}-refresh` }));
    await send('/api/auth/me', { headers: { authorization: `Bearer ${FALSE_KEY}` } });
    await send('/api/auth/me', { headers: { authorization: `Basic ${btoa(`x:${FALSE_KEY}`)}` } });
    await send('/api/auth/me', { headers: { cookie: `lockkeeper_console=${FALSE_COOKIE}` } });
    await send(`/api/conversations?access_token=${URL_TOKEN}&api_key=${FALSE_KEY}`, {
      headers: { authorization },
    });
    await send(`/no/such/route?token=${URL_TOKEN}`, { headers: { cookie } });
    await post('/api/api-keys', '{}', { cookie, 'x-csrf-token': csrf_token });
    await post(
      '/api/auth/change-password',
      JSON.stringify({ current_password: 'x', new_password: PASSWORD }),
      {
        authorization,
      },
    );
    const last = 'the-last-request';
    await send('/api/auth/me', { headers: { 'x-request-id': last } });
    await waitUntil('the line of the last request', () => api.output().includes(last));
    const output = api.output();
    expect(output).toContain('/api/auth/sign-in');
    const secrets = {
      password: PASSWORD,
      access_token: session['access_token'],
      refresh_token: session['refresh_token'],
      api_key: key.api_key,
      cookie: cookie.split('=')[1],
      csrf_token,
      false_key: FALSE_KEY,
      false_cookie: FALSE_COOKIE,
      basic: btoa(`x:${FALSE_KEY}`),
      url_token: URL_TOKEN,
      email: EMAIL,
      database: new URL(product.environment['LOCKKEEPER_DATABASE_URL'] ?? '').password,
    };
    for (const [name, secret] of Object.entries(secrets)) {
      expect(secret, name).toBeTruthy();
      expect(output.includes(secret ?? ''), `${name} is in the log`).toBe(false);
    }
  });
});
