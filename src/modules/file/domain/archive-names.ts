/** Where the table of contents of a ZIP archive is. */
export interface ContentsPlace {
  readonly start: number;
  readonly bytes: number;
}

/** The end record, and the longest comment that may stand behind it. */
export const TAIL_BYTES = 22 + 65_535;

const END_MARK = Buffer.from('PK\x05\x06');
const END_BYTES = 22;
const ENTRY_MARK = 0x02014b50;
const ENTRY_BYTES = 46;

/**
 * Finds the table of contents by the last bytes of an archive.
 * @returns undefined if there is none within the archive, or only the one of an archive beyond 4 GiB.
 */
export function findContents(tail: Buffer, archiveBytes: number): ContentsPlace | undefined {
  const at = tail.lastIndexOf(END_MARK);
  if (at < 0 || at + END_BYTES > tail.length) return undefined;
  const bytes = tail.readUInt32LE(at + 12);
  const start = tail.readUInt32LE(at + 16);
  return bytes > 0 && start + bytes <= archiveBytes ? { start, bytes } : undefined;
}

/** The names in a table of contents, as far as it can be read; it may be cut off. */
export function entryNames(contents: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; at + ENTRY_BYTES <= contents.length && contents.readUInt32LE(at) === ENTRY_MARK;) {
    const nameEnd = at + ENTRY_BYTES + contents.readUInt16LE(at + 28);
    names.push(contents.toString('utf8', at + ENTRY_BYTES, nameEnd));
    at = nameEnd + contents.readUInt16LE(at + 30) + contents.readUInt16LE(at + 32);
  }
  return names;
}
