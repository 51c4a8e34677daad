import type { z } from 'zod';
import { invalidRequest } from '../errors/index.js';

/** A place in a list, as an opaque text: what the last item seen sorts by. */
export function encodeCursor(position: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** Reads back a cursor of ours. @throws invalid_request for anything else. */
export function decodeCursor<T>(cursor: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (cause) {
    throw invalidRequest({ detail: 'The cursor is not one that we gave out.', param: 'cursor', cause });
  }
}
