import { idempotencyKeyInvalid, idempotencyKeyMissing } from '../errors/index.js';

/** The longest header that can hold 255 characters, each of them escaped, in quotes. */
const MAX_HEADER_LENGTH = 512;
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/;

/**
 * Reads the header `Idempotency-Key`: a string of RFC 8941 in quotes, as draft-ietf-httpapi-idempotency-key-header
 * has it, or the bare text that most clients send. Both forms of one key are the same key.
 * @throws `idempotency_key_missing`, `idempotency_key_invalid`
 */
export function readIdempotencyKey(header: string | undefined): string {
  if (header === undefined || header === '') throw idempotencyKeyMissing();
  if (header.length > MAX_HEADER_LENGTH) throw idempotencyKeyInvalid();
  if (!header.startsWith('"')) return header;
  const quoted = QUOTED.exec(header)?.[1];
  if (quoted === undefined) throw idempotencyKeyInvalid();
  return quoted.replaceAll(/\\(["\\])/g, '$1');
}
