import { uncompress } from 'snappy';
import { bodyTooLarge, malformedRequest } from '../../../../platform/errors/index.js';

const MAX_LENGTH_BYTES = 5;

/**
 * Undoes snappy's block format, which begins with the length of what is inside.
 * @throws malformed_request, body_too_large
 */
export async function unsnap(bytes: Buffer, limitBytes: number): Promise<Buffer> {
  if (announcedLength(bytes) > limitBytes) {
    throw bodyTooLarge({ detail: `The body is larger than ${limitBytes} bytes after decompression.` });
  }
  try {
    return (await uncompress(bytes, { asBuffer: true })) as Buffer;
  } catch (cause) {
    throw malformedRequest({ detail: 'The body is not a snappy block.', cause });
  }
}

function announcedLength(bytes: Buffer): number {
  let length = 0;
  for (let at = 0; at < MAX_LENGTH_BYTES; at++) {
    const byte = bytes[at] ?? 0;
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) break;
  }
  return length;
}
