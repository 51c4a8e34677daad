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
