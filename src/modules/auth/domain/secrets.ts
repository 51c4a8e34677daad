import { hash, randomBytes } from 'node:crypto';

/** 256 bits: nobody guesses one, so a fast hash is enough to keep it. */
const SECRET_BYTES = 32;
const KEY_MARK = 'lk_';
const KEY_FORMAT = /^lk_[A-Za-z0-9_-]{43}$/;
const SHOWN_CHARACTERS = KEY_MARK.length + 8;

/** A new refresh token: opaque, of 43 characters of base64url. */
export function newRefreshToken(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** A new API key: `lk_` and 43 characters of base64url. */
export function newApiKey(): string {
  return KEY_MARK + randomBytes(SECRET_BYTES).toString('base64url');
}

/** Whether a bearer token claims to be an API key (rather than an access token). */
export function isApiKey(token: string): boolean {
  return token.startsWith(KEY_MARK);
}

/** Whether an API key has the form of one that we made. */
export function isWellFormedApiKey(token: string): boolean {
  return KEY_FORMAT.test(token);
}

/** The beginning of a key that is shown to tell it from others. */
export function shownPrefix(apiKey: string): string {
  return apiKey.slice(0, SHOWN_CHARACTERS);
}

/** How tokens and keys are kept: SHA-256 in lower-case hexadecimal. */
export function tokenHash(token: string): string {
  return hash('sha256', token, 'hex');
}
