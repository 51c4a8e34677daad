import { open } from 'node:fs/promises';
import { documentEmpty } from '../extraction.errors.js';
import { decodeText } from './charset.js';
import type { SourceFile } from './reader.js';

/** No charset needs more for a character. */
const MAX_BYTES_PER_CHARACTER = 4;
/** What markup may take beside the text it is around. */
const MARKUP_FACTOR = 4;

/**
 * The text of a file, of which no more is read than could be kept: a log of gigabytes costs what its beginning costs.
 * @throws documentEmpty, documentTypeUnsupported
 */
export async function readTextFile(
  { path, limits, list }: SourceFile,
  {
    hasMarkup = false,
    declaredCharset,
  }: { hasMarkup?: boolean; declaredCharset?: (head: string) => string | undefined } = {},
): Promise<string> {
  const most = limits.characters * MAX_BYTES_PER_CHARACTER * (hasMarkup ? MARKUP_FACTOR : 1);
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.min(size, most));
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length === 0) throw documentEmpty();
    const content = bytes.subarray(0, length);
    const declared = declaredCharset?.(content.subarray(0, 4096).toString('latin1'));
    list.isTruncated = size > most;
    return decodeText(content, declared);
  } finally {
    await file.close();
  }
}
