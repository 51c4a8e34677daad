import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { fastifyCookie } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** 256 bits: nobody guesses one, so a fast hash is enough to keep it. */
const SECRET_BYTES = 32;
const SECRET_FORMAT = /^lkc_[A-Za-z0-9_-]{43}$/;
const NAME = 'lockkeeper_console';

/**
 * Over https a name that browsers let no other host set, so that nobody with a neighbouring domain can put a session of
 * his own under that of somebody else.
 */
const NAME_OVER_TLS = `__Host-${NAME}`;

const CSRF_HEADER = 'x-csrf-token';
const CSRF_PURPOSE = 'lockkeeper console csrf';

/** A new secret for the cookie of a session. */
export function newConsoleSecret(): string {
  return `lkc_${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

/** The secret in the cookie of a request or a handshake. Undefined if there is none, or none that we made. */
export function consoleSecretOf(headers: IncomingHttpHeaders, isOverTls: boolean): string | undefined {
  const { cookie } = headers;
  if (cookie === undefined || !cookie.includes(NAME)) return undefined;
  const secret = fastifyCookie.parse(cookie)[isOverTls ? NAME_OVER_TLS : NAME];
  return secret !== undefined && SECRET_FORMAT.test(secret) ? secret : undefined;
}

/** Whether a request came by https, as far as it or the proxy in front tells. */
export function isOverTls(request: Pick<FastifyRequest, 'protocol'>): boolean {
  return request.protocol === 'https';
}

/** Has the browser keep the secret: scripts cannot read it, and requests from other sites do not carry it. */
export function setConsoleCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  secret: string,
  expires: Date,
): void {
  reply.setCookie(isOverTls(request) ? NAME_OVER_TLS : NAME, secret, { ...attributesFor(request), expires });
}

/** Has the browser forget it. */
export function clearConsoleCookie(request: FastifyRequest, reply: FastifyReply): void {
  reply.clearCookie(isOverTls(request) ? NAME_OVER_TLS : NAME, attributesFor(request));
}

function attributesFor(request: FastifyRequest) {
  return { httpOnly: true, sameSite: 'strict', path: '/', secure: isOverTls(request) } as const;
}

/**
 * The CSRF token of a session. It follows from the secret of the cookie, which only our own pages' requests carry, and
 * tells nothing of it; so it needs to be kept nowhere.
 */
export function csrfTokenOf(secret: string): string {
  return createHmac('sha256', secret).update(CSRF_PURPOSE).digest('base64url');
}

/** The CSRF token that a request presents. */
export function presentedCsrfToken(headers: IncomingHttpHeaders): string | undefined {
  const presented = headers[CSRF_HEADER];
  return typeof presented === 'string' && presented !== '' ? presented : undefined;
}

/** Whether a CSRF token is that of the session, told in a time that says nothing about it. */
export function isCsrfTokenOf(secret: string, presented: string): boolean {
  const expected = Buffer.from(csrfTokenOf(secret));
  const given = Buffer.from(presented);
  return expected.length === given.length && timingSafeEqual(expected, given);
}
