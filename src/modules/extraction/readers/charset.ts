import { analyse } from 'chardet';
import { documentTypeUnsupported } from '../extraction.errors.js';

/** Enough to tell a charset; telling takes about a millisecond for each kilobyte. */
const SAMPLE_BYTES = 64 * 1024;
/** Of UTF-16 without a mark, most characters of most documents have an empty half. */
const MIN_EMPTY_HALVES = 0.3;
/** Text has none of these; a damaged file may have a few. */
const MAX_CONTROL_SHARE = 0.01;

/**
 * The text of bytes in whatever charset they are: as their byte order mark says, else UTF-8 if they are, else
 * `declared` (what the document says of itself), else what it looks like. Bytes missing at the end are forgiven.
 * @throws documentTypeUnsupported if it is no text
 */
export function decodeText(bytes: Uint8Array, declared?: string): string {
  const marked = charsetOfMark(bytes);
  if (marked) return decode(bytes, marked) ?? '';
  const wide = charsetOfHalves(bytes);
  if (wide) return decode(bytes, wide) ?? '';
  if (isBinary(bytes)) throw documentTypeUnsupported({ detail: 'The file is no text.' });
  const candidates = ['utf-8', ...(declared === undefined ? [] : [declared])];
  for (const charset of candidates) {
    const text = decode(bytes, charset, true);
    if (text !== undefined) return text;
  }
  for (const { name } of analyse(bytes.subarray(0, SAMPLE_BYTES))) {
    // UTF-8 it is not: that was tried.
    if (name === 'UTF-8') continue;
    const text = decode(bytes, name === 'GB18030' ? 'gb18030' : name, true);
    if (text !== undefined) return text;
  }
  return decode(bytes, 'windows-1252') ?? '';
}

function charsetOfMark([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return undefined;
}

function charsetOfHalves(bytes: Uint8Array): string | undefined {
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  const halves = [0, 0];
  for (const [index, byte] of sample.entries()) {
    if (byte === 0) halves[index % 2] = (halves[index % 2] ?? 0) + 1;
  }
  const least = (sample.length / 2) * MIN_EMPTY_HALVES;
  const [even = 0, odd = 0] = halves;
  if (odd > least && even < odd / 10) return 'utf-16le';
  if (even > least && odd < even / 10) return 'utf-16be';
  return undefined;
}

function isBinary(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  let controls = 0;
  for (const byte of sample) {
    // Escape (27) is in the Japanese charset ISO-2022-JP.
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 27) controls += 1;
  }
  return controls > sample.length * MAX_CONTROL_SHARE;
}

/** The text, or undefined if the charset is unknown or, when it `isStrict`, the bytes are not of it. */
function decode(bytes: Uint8Array, charset: string, isStrict = false): string | undefined {
  try {
    return new TextDecoder(charset, { fatal: isStrict }).decode(bytes, { stream: true });
  } catch {
    return undefined;
  }
}
