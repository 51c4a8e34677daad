import { isUtf8 } from 'node:buffer';
import { LineFault, type DecodedLines } from '../../domain/line-fault.js';
import { MAX_LOG_DATA_CHARACTERS, type LogLine } from '../../domain/log-line.js';
import { readNdjsonLine } from '../../domain/ndjson-line.js';
import type { LineContext } from '../../domain/seed-line.js';
import { reasonOf } from '../json-body.js';

const NEWLINE = 0x0a;
const MAX_LINE_BYTES = 2 * MAX_LOG_DATA_CHARACTERS;

/** Reads one object a line; lines of white space are skipped. A fault's index is the number of its line, from 0. */
export function decodeNdjson(bytes: Buffer, context: LineContext): DecodedLines<LogLine> {
  const lines: LogLine[] = [];
  const faults: LineFault[] = [];
  const isAllUtf8 = isUtf8(bytes);
  let start = 0;
  for (let index = 0; start < bytes.length; index++) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    if (end > start) {
      const line = readLine(bytes.subarray(start, end), index, isAllUtf8, context);
      if (line instanceof LineFault) faults.push(line);
      else if (line) lines.push(line);
    }
    start = end + 1;
  }
  return { lines, faults };
}

function readLine(
  bytes: Buffer,
  index: number,
  isCheckedUtf8: boolean,
  context: LineContext,
): LogLine | LineFault | undefined {
  if (bytes.length > MAX_LINE_BYTES) return new LineFault(index, '', `has more than ${MAX_LINE_BYTES} bytes`);
  if (!isCheckedUtf8 && !isUtf8(bytes)) return new LineFault(index, '', 'is not UTF-8');
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return text.trim() === '' ? undefined : new LineFault(index, '', `is not JSON: ${reasonOf(error)}`);
  }
  return readNdjsonLine(value, index, context);
}
