import { isApiKey } from './secrets.js';

const BEARER = /^Bearer +(\S+)$/i;
const BASIC = /^Basic +([A-Za-z0-9+/=_-]+)$/i;

/**
 * The token in an `Authorization` header: after `Bearer`, or, for clients that know nothing else, an API key as the
 * password of `Basic`, whatever the user name; as the user name if the password is empty. Undefined if there is none.
 */
export function tokenOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  return BEARER.exec(authorization)?.[1] ?? basicToken(BASIC.exec(authorization)?.[1]);
}

function basicToken(encoded: string | undefined): string | undefined {
  if (encoded === undefined) return undefined;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  const [user, password] = colon < 0 ? [pair, ''] : [pair.slice(0, colon), pair.slice(colon + 1)];
  const token = password === '' ? user : password;
  // Sessions are not for such clients: their tokens would be long dead before anybody looked.
  return isApiKey(token) ? token : undefined;
}
