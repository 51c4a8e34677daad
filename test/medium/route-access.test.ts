import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type AccessPolicy, RouteAccess } from '../../src/platform/http/index.js';
import { routeTable } from '../factories/route-table.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, createUser, type TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

/** What anybody may call. A route that is added here is one that strangers may use at any rate. */
const PUBLIC_ROUTES = [
  'GET /api/marketplace/experts',
  'GET /api/marketplace/experts/{user_id}',
  'GET /console',
  'GET /console/*',
  'GET /docs',
  'GET /docs/',
  'GET /docs/*',
  'GET /docs/LICENSE',
  'GET /docs/docs/swagger-ui-init.js',
  'GET /docs/index.html',
  'GET /docs/swagger-ui-init.js',
  'GET /health',
  'GET /health/live',
  'GET /health/ready',
  'GET /openapi.json',
  'GET /redoc',
  'GET /redoc/*',
  'POST /api/auth/refresh',
  'POST /api/auth/sign-in',
  'POST /api/auth/sign-up',
  'POST /api/console/session',
];

/** Nobody who may read metrics because of where he is. */
const REMOTE_ADDRESS = '198.51.100.1';
const AN_ID = '00000000-0000-7000-8000-000000000000';
const BODY_BYTES = 3_000_000;

interface Route {
  name: string;
  method: 'GET';
  url: string;
  policy: AccessPolicy;
}

describe('the routes of the API', () => {
  let test: TestApp;
  let user: TestUser;
  let routes: Route[];
  const sockets: Socket[] = [];
  beforeAll(async () => {
    test = await createTestApp();
    await test.app.listen(0, '127.0.0.1');
    user = await createUser(test);
    routes = test.app.get(RouteAccess).declared.map(({ method, url, policy }) => ({
      name: `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`,
      method: method as 'GET',
      url: url.replaceAll(/:\w+/g, AN_ID).replace('*', 'x'),
      policy,
    }));
  });
  afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()));
  afterAll(() => test.close());

  const scoped = () => routes.filter(({ policy }) => policy.kind === 'scope');

  it('all say who may call them, those of plugins too', () => {
    // Fastify shows a wildcard without what is fixed before it, and the root of a plugin twice, as one route.
    const shown = (name: string) => name.replace(/\/$/, '');
    const declared = new Set(routes.map(({ name }) => shown(name)));
    const wildcards = [...declared].filter((name) => name.endsWith('*'));
    const isDeclared = (name: string) =>
      declared.has(name) ||
      (name.endsWith('*') && wildcards.some((wildcard) => wildcard.startsWith(name.slice(0, -1))));
    const table = routeTable(test).map(shown);
    expect(table.length).toBeGreaterThan(150);
    expect(table.filter((name) => !isDeclared(name))).toEqual([]);
  });

  it('are open to anybody only where that is meant', () => {
    const open = routes.filter(({ policy, name }) => policy.kind === 'public' && !name.startsWith('HEAD '));
    expect(open.map(({ name }) => name).sort()).toEqual(PUBLIC_ROUTES);
  });

  it('refuse a stranger, all others, before they look at anything else', async () => {
    const answers = await Promise.all(
      scoped().map(async ({ name, method, url }) => {
        const { statusCode } = await test.app.inject({ method, url, remoteAddress: REMOTE_ADDRESS });
        return `${name}: ${statusCode}`;
      }),
    );
    expect(answers.filter((answer) => !answer.endsWith(': 401'))).toEqual([]);
  });

  it('refuse who lacks the scope', async () => {
    const { scopes } = (
      await test.app.inject({ url: '/api/auth/me', headers: bearer(user.accessToken) })
    ).json<{ scopes: string[] }>();
    const others = scoped().filter(({ policy }) => policy.kind === 'scope' && !scopes.includes(policy.scope));
    expect(others.length).toBeGreaterThan(40);
    const answers = await Promise.all(
      others.map(async ({ name, method, url }) => {
        const headers = bearer(user.accessToken);
        const { statusCode } = await test.app.inject({ method, url, headers, remoteAddress: REMOTE_ADDRESS });
        return `${name}: ${statusCode}`;
      }),
    );
    expect(answers.filter((answer) => !answer.endsWith(': 403'))).toEqual([]);
  });

  /** Sends the head of a request with a long body, and what the answer begins with before any of it is sent. */
  const answerToHead = async (path: string, headers: Record<string, string> = {}) => {
    const { port } = test.app.getHttpServer().address() as { port: number };
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    const lines = Object.entries({
      host: 'localhost',
      'content-type': 'application/json',
      'content-length': String(BODY_BYTES),
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
    await waitUntil('the answer', () => answer.includes('\r\n\r\n'));
    return answer.slice(0, answer.indexOf('\r\n'));
  };

  it('read no body of who may not call them', async () => {
    expect(await answerToHead('/v1/chat/completions')).toBe('HTTP/1.1 401 Unauthorized');
    expect(await answerToHead('/api/logs/batch', bearer('wrong'))).toBe('HTTP/1.1 401 Unauthorized');
    expect(await answerToHead('/api/users', bearer(user.apiKey))).toBe('HTTP/1.1 403 Forbidden');
  });

  it('take only short bodies where anybody may call, and none where there is no route', async () => {
    expect(await answerToHead('/api/auth/sign-in')).toBe('HTTP/1.1 413 Payload Too Large');
    expect(await answerToHead('/api/console/session')).toBe('HTTP/1.1 413 Payload Too Large');
    expect(await answerToHead('/no/such/route')).toBe('HTTP/1.1 404 Not Found');
  });

  it('go on serving a connection whose body was not wanted', async () => {
    const url = `${await test.app.getUrl()}/api/api-keys`;
    const refused = await fetch(url, {
      method: 'POST',
      body: JSON.stringify({ name: 'x'.repeat(100_000) }),
      headers: { 'content-type': 'application/json' },
    });
    expect(refused.status).toBe(401);
    expect((await refused.json()) as object).toMatchObject({ code: 'authentication_required' });
    expect((await fetch(url, { headers: bearer(user.accessToken) })).status).toBe(200);
  });
});
