import { isUtf8 } from 'node:buffer';
import { bodyTooLarge, malformedRequest } from '../../../platform/errors/index.js';

/** Below this size no JSON can hurt, whatever it is. */
const HARMLESS_BYTES = 1024 * 1024;
const MAX_LEVELS = 64;
/** The smallest values take many times their bytes in memory. */
const MAX_VALUES = 6_000_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/**
 * Parses JSON. What is large is looked over first, so that a body of nothing but brackets cannot take the memory of
 * the process.
 * @throws malformed_request if it is not JSON in UTF-8 or is nested too deep; body_too_large for too many values.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  const text = utf8Text(bytes);
  if (bytes.length > HARMLESS_BYTES) lookOver(bytes);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformedRequest({ detail: `The body is not JSON: ${reasonOf(cause)}`, cause });
  }
}

/** A body as text. @throws malformed_request if it is not UTF-8. */
export function utf8Text(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw malformedRequest({ detail: 'The body is not UTF-8.' });
  return bytes.toString('utf8');
}

/** The beginning of what the parser says: it quotes the body, which may be long. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 200) : 'it could not be read';
}

function lookOver(bytes: Buffer): void {
  let levels = 0;
  let values = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) at = endOfText(bytes, at);
    else if (byte === COMMA) values++;
    else if (OPENING.has(byte)) {
      values++;
      if (++levels > MAX_LEVELS) {
        throw malformedRequest({ detail: `The body is nested more than ${MAX_LEVELS} levels deep.` });
      }
    } else if (CLOSING.has(byte)) levels--;
    if (values > MAX_VALUES) {
      throw bodyTooLarge({ detail: `The body holds more than ${MAX_VALUES} values.` });
    }
  }
}

/** Where the text ends that begins here, or the body does. */
function endOfText(bytes: Buffer, start: number): number {
  for (let end = bytes.indexOf(QUOTE, start + 1); end >= 0; end = bytes.indexOf(QUOTE, end + 1)) {
    let first = end;
    while (bytes[first - 1] === BACKSLASH) first--;
    if ((end - first) % 2 === 0) return end;
  }
  return bytes.length;
}
