import { randomBytes, randomUUID } from 'node:crypto';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkShippedConfiguration, startNginx, type TestNginx } from '../factories/nginx.js';
import { createProduct, type Product, type ProductProcess } from '../factories/product.js';
import { Administrator } from '../factories/product-users.js';
import { SupportClient } from '../factories/support.js';
import { waitUntil } from '../factories/wait.js';

interface Caller {
  token: string;
  call<T>(method: string, path: string, body?: object): Promise<T>;
}

describe('support chats over two API processes and nginx', () => {
  let product: Product;
  let apis: (ProductProcess & { url: string })[];
  let nginx: TestNginx;
  let administrator: Administrator;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    product = await createProduct({ LOCKKEEPER_BEHIND_PROXY: 'true' });
    apis = await Promise.all([product.startApi(), product.startApi()]);
    nginx = await startNginx(apis.map((api) => api.url));
    administrator = await Administrator.of(product, apis[0]!.url);
  });
  afterAll(async () => {
    for (const socket of sockets) socket.disconnect();
    await nginx.stop();
    await product.dispose();
  });

  async function signedIn(role: 'user' | 'agent'): Promise<Caller> {
    const credentials = {
      email: `${role}-${randomBytes(6).toString('hex')}@example.com`,
      password: 'a password of some length',
    };
    const caller = (token: string): Caller => ({
      token,
      call: async <T>(method: string, path: string, body?: object) => {
        const response = await fetch(`${nginx.url}/api/${path}`, {
          method,
          headers: {
            ...(token && { authorization: `Bearer ${token}` }),
            ...(body && { 'content-type': 'application/json' }),
          },
          ...(body && { body: JSON.stringify(body) }),
        });
        if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
        return (await response.json()) as T;
      },
    });
    await caller(administrator.apiKey).call('POST', 'users', { ...credentials, role });
    const session = await caller('').call<{ access_token: string }>('POST', 'auth/sign-in', credentials);
    return caller(session.access_token);
  }

  async function connect(caller: Caller, url: string, transport: string): Promise<SupportClient> {
    const socket = io(`${url}/support`, {
      auth: { token: caller.token },
      transports: [transport],
      forceNew: true,
    });
    sockets.push(socket);
    const client = new SupportClient(socket);
    await waitUntil('the connection', () => socket.connected);
    return client;
  }

  it('has a configuration that nginx takes as it stands', () => {
    checkShippedConfiguration();
  });

  it.each(['websocket', 'polling'])(
    'are held through nginx by %s, the other side being at any process',
    async (transport) => {
      const [user, agent] = [await signedIn('user'), await signedIn('agent')];
      await agent.call('PUT', 'support/agent', { is_on_duty: true, capacity: 1 });
      const ofUser = await connect(user, nginx.url, transport);
      const chat = await user.call<{ id: string; state: string }>('POST', 'support/chats');
      expect(chat.state).toBe('active');
      for (const [index, api] of apis.entries()) {
        const ofAgent = await connect(agent, api.url, 'websocket');
        const before = ofUser.texts().length;
        expect(await ofAgent.say(chat.id, `Hello from process ${index}`, randomUUID())).toMatchObject({
          ok: true,
        });
        await waitUntil('the answer heard', () => ofUser.texts().length > before);
        expect(await ofUser.say(chat.id, `Hello to process ${index}`)).toMatchObject({ ok: true });
        await waitUntil('the question heard', () => ofAgent.texts().includes(`Hello to process ${index}`));
      }
      await user.call('POST', `support/chats/${chat.id}/end`);
      await ofUser.hears('ended');
    },
  );

  it('go on at another process when one stops, which it does in time', async () => {
    const user = await signedIn('user');
    const client = await connect(user, nginx.url, 'websocket');
    const chat = await user.call<{ id: string }>('POST', 'support/chats');
    const disconnections: string[] = [];
    client.socket.on('disconnect', (reason) => disconnections.push(reason));
    // nginx has put it to one of the two: the other one is there again before that one stops.
    for (const api of apis) {
      const startedMs = performance.now();
      expect(await api.stop()).toBe(0);
      expect(performance.now() - startedMs).toBeLessThan(15_000);
      if (disconnections.length > 0) break;
      await product.startApi({ PORT: new URL(api.url).port });
    }
    expect(disconnections).toEqual([expect.stringMatching(/^transport /)]);
    await waitUntil('the connection again', () => client.socket.connected, 30_000);
    expect(await client.say(chat.id, 'Still here')).toMatchObject({
      ok: true,
      message: { content: 'Still here' },
    });
  });
});
