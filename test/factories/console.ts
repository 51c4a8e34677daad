import type { TestApp } from './test-app.js';
import type { TestUser } from './users.js';

/** What a browser holds after it has signed in to the console. */
export interface ConsoleLogin {
  /** As the header `cookie` has it. */
  cookie: string;
  csrfToken: string;
  expiresAt: string;
}

let lastAddress = 0;

/** Signs in to the console as a browser does, from an address of its own in a private network, where a proxy may be. */
export async function signInToConsole(
  test: TestApp,
  user: Pick<TestUser, 'email' | 'password'>,
  { headers = {} }: { headers?: Record<string, string> } = {},
): Promise<ConsoleLogin> {
  const answer = await test.app.inject({
    method: 'POST',
    url: '/api/console/session',
    payload: { email: user.email, password: user.password },
    headers,
    remoteAddress: `10.0.0.${(++lastAddress % 250) + 1}`,
  });
  if (answer.statusCode !== 200) throw new Error(`The console was not entered: ${answer.body}`);
  const { csrf_token, expires_at } = answer.json<{ csrf_token: string; expires_at: string }>();
  const [cookie = ''] = String(answer.headers['set-cookie']).split(';');
  return { cookie, csrfToken: csrf_token, expiresAt: expires_at };
}

/** The headers of a page's request that may change something. */
export function byCookie({ cookie, csrfToken }: ConsoleLogin): { cookie: string; 'x-csrf-token': string } {
  return { cookie, 'x-csrf-token': csrfToken };
}
