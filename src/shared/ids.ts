import { createHash } from 'node:crypto';
import { v7 } from 'uuid';
import { z } from 'zod';

/**
 * A new id for a row that is ours: UUID version 7 (RFC 9562), so that ids made later sort later and an
 * index on them grows at its end.
 */
export function newId(): string {
  return v7();
}

/** An id as a client sends it. Upper case is accepted and lowered, because MySQL compares ids byte by byte. */
export const idSchema = z.uuid().toLowerCase();

/** An id that follows from these texts: the same for the same ones, and never that of others. UUID version 8. */
export function derivedId(...parts: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
