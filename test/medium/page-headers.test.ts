import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, createUser } from '../factories/users.js';

const PAGES = ['/console/', '/docs', '/redoc'];

/** The directives of an answer's Content-Security-Policy, by name. */
function directives(policy: unknown): Record<string, string> {
  return Object.fromEntries(
    String(policy)
      .split(';')
      .map((directive) => directive.trim().split(/ (.*)/s).slice(0, 2) as [string, string]),
  );
}

describe('the headers of answers', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp({ LOCKKEEPER_BEHIND_PROXY: 'true' });
  });
  afterAll(() => test.close());

  it.each(PAGES)(
    'let a page load nothing from elsewhere, run no inline script and be in no frame: %s',
    async (url) => {
      const { headers } = await test.app.inject({ url });
      expect(directives(headers['content-security-policy'])).toMatchObject({
        'default-src': "'self'",
        'script-src': "'self'",
        'connect-src': "'self'",
        'img-src': "'self' data: blob:",
        'style-src': "'self' 'unsafe-inline'",
        'object-src': "'none'",
        'base-uri': "'self'",
        'frame-ancestors': "'none'",
      });
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers).not.toHaveProperty('x-powered-by');
    },
  );

  it('have the browser keep to https, once it came by https', async () => {
    const answer = (headers: Record<string, string>) => test.app.inject({ url: '/console/', headers });
    expect((await answer({})).headers).not.toHaveProperty('strict-transport-security');
    const overTls = await answer({ 'x-forwarded-proto': 'https' });
    expect(overTls.headers['strict-transport-security']).toMatch(/^max-age=\d{8,}; includeSubDomains$/);
  });

  it('say of data what type it is and that nobody keeps it, and no more', async () => {
    const user = await createUser(test);
    const ok = await test.app.inject({ url: '/api/auth/me', headers: bearer(user.apiKey) });
    const answers = [
      await test.app.inject({ url: '/api/auth/me', headers: bearer(user.accessToken) }),
      ok,
      await test.app.inject({ url: '/no/such/route' }),
    ];
    for (const { headers } of answers) {
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
      expect(headers).not.toHaveProperty('content-security-policy');
      expect(headers).not.toHaveProperty('x-powered-by');
      expect(headers).not.toHaveProperty('server');
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    }
  });
});
