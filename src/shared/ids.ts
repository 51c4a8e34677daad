import { v5, v7 } from 'uuid';
import { z } from 'zod';

/**
 * A new id for a row that is ours: UUID version 7 (RFC 9562), so that ids made later sort later and an
 * index on them grows at its end.
 */
export function newId(): string {
  return v7();
}

/** An id below all that `newId` makes from this time on, and above all that it made before. */
export function firstIdAt(time: Date): string {
  const hex = Math.max(0, time.getTime()).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

/**
 * The id of what `name` means within `namespace`, itself an id: UUID version 5 (RFC 9562), the same for the same two
 * for ever.
 */
export function derivedId(namespace: string, name: string): string {
  return v5(name, namespace);
}

/** Whether an id was made by `derivedId`: only such an id can be made twice. */
export function isDerivedId(id: string): boolean {
  return id.charAt(14) === '5';
}

/** An id as a client sends it. Upper case is accepted and lowered, because MySQL compares ids byte by byte. */
export const idSchema = z.uuid().toLowerCase();

/** Ids of a query, one or several: `?id=a&id=b`. */
export function idListSchema(maxIds: number) {
  return z.preprocess(
    (value) => (typeof value === 'string' ? [value] : value),
    z.array(idSchema).min(1).max(maxIds),
  );
}
