import type { BlockList } from '../domain/block-list.js';
import { tidyLine } from '../domain/tidy-text.js';
import { documentBroken } from '../extraction.errors.js';
import { leavesOf } from './json-leaves.js';
import type { SourceFile } from './reader.js';
import { readTextFile } from './text-file.js';

/** Lines of one record go into blocks of at most about this size. */
const BLOCK_CHARACTERS = 8_000;

/**
 * Reads JSON, or JSON on each line, as lines `path: value`. Each item of the outermost array, each member of the
 * outermost object, or each line, is a block of its own; its place has its number as the row.
 */
export async function readJson(source: SourceFile): Promise<void> {
  const text = await readTextFile(source);
  const { isTruncated } = source.list;
  const whole = isTruncated ? undefined : parseError(text);
  if (!isTruncated && whole === undefined) {
    addRecords(source, text, 1, 1);
    return;
  }
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  // The last line may have been cut off.
  if (isTruncated) lines.pop();
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const error = parseError(line);
    if (error !== undefined) throw documentBroken({ detail: whole ?? `Line ${index + 1}: ${error}` });
    addRecords(source, line, 0, index + 1);
  }
}

/** What is wrong with a JSON text, or undefined. */
function parseError(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Adds the leaves of a JSON text; those whose paths share their first `groupDepth` steps are a record. */
function addRecords({ list, limits }: SourceFile, json: string, groupDepth: number, firstRow: number): void {
  const record = new RecordWriter(list);
  let row = firstRow - 1;
  let group: string | undefined;
  try {
    for (const { path, value } of leavesOf(json, limits.depth)) {
      const next = JSON.stringify(path.slice(0, groupDepth));
      if (next !== group) {
        row += 1;
        record.begin(row);
        group = next;
      }
      const steps = typeof path[0] === 'number' ? path.slice(groupDepth) : path;
      const name = nameOf(steps);
      record.add(name === '' ? tidyLine(value) : `${name}: ${tidyLine(value)}`);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw documentBroken({
      detail: `Its values are nested deeper than ${limits.depth} levels.`,
      cause: error,
    });
  }
  record.flush();
}

class RecordWriter {
  private readonly list: BlockList;
  private lines: string[] = [];
  private characters = 0;
  private row = 0;

  constructor(list: BlockList) {
    this.list = list;
  }

  begin(row: number): void {
    this.flush();
    this.row = row;
  }

  add(line: string): void {
    if (this.characters > BLOCK_CHARACTERS) this.flush();
    this.lines.push(line);
    this.characters += line.length + 1;
  }

  flush(): void {
    this.list.add({ kind: 'code', text: this.lines.join('\n') }, { row: this.row });
    this.lines = [];
    this.characters = 0;
  }
}

/** A path as people write it: `items[2].name`. */
function nameOf(path: readonly (string | number)[]): string {
  return path.reduce<string>((name, step) => {
    if (typeof step === 'number') return `${name}[${step}]`;
    return name === '' ? tidyLine(step) : `${name}.${tidyLine(step)}`;
  }, '');
}
