const BYTES = 16;

/** A name that nobody used before, for `Idempotency-Key`. Works without TLS too, where `randomUUID` is not there. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
