import { extensionOf } from './file-name.js';

/** The types of files that are taken, each with the extensions that names of it have; the first is its usual one. */
export const takenTypes: ReadonlyMap<string, readonly string[]> = new Map([
  ['text/plain', ['txt']],
  ['text/markdown', ['md', 'markdown', 'mdown', 'mkd']],
  ['text/html', ['html', 'htm', 'xhtml']],
  ['text/csv', ['csv', 'tsv']],
  ['application/json', ['json', 'jsonl', 'ndjson', 'geojson']],
  ['application/pdf', ['pdf']],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', ['docx', 'docm', 'dotx']],
  ['application/vnd.openxmlformats-officedocument.presentationml.presentation', ['pptx', 'pptm', 'ppsx']],
  ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', ['xlsx', 'xlsm', 'xltx']],
  ['application/epub+zip', ['epub']],
]);

const TEXT = 'text/plain';
const BOMS = [Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];
const UTF8_BOM_LENGTH = 3;
/** Tab, line feed, form feed, carriage return and escape: those that texts have. */
const TEXT_CONTROLS = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x1b]);
const SPACE = 0x20;
const DELETE = 0x7f;

/** Whether bytes from the beginning of a file are of a text, in whatever encoding of bytes, or UTF-16 with its mark. */
export function looksLikeText(head: Buffer): boolean {
  if (isWide(head)) return true;
  return head.every((byte) => (byte >= SPACE && byte !== DELETE) || TEXT_CONTROLS.has(byte));
}

/** Whether bytes are UTF-8; the last character may be cut off. */
export function isUtf8(head: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Which kind of text it is: by what it begins with, and, where that leaves it open, by its name. */
export function textTypeOf(head: Buffer, name: string): string {
  const text = beginning(head);
  if (/^<!doctype html|^<html[\s>]|^(<\?xml[^>]*>\s*)?(<!doctype html[^>]*>\s*)?<html[\s>]/i.test(text))
    return 'text/html';
  switch (typeOfExtension(extensionOf(name))) {
    case 'text/html':
      return /<[a-z!][^>]*>/i.test(text) ? 'text/html' : TEXT;
    case 'application/json':
      return /^[[{"\d-]|^(true|false|null)\b/.test(text) ? 'application/json' : TEXT;
    case 'text/markdown':
      return 'text/markdown';
    case 'text/csv':
      return 'text/csv';
    default:
      return TEXT;
  }
}

/** The same name, with the extension of its type behind it if it claims another one of those that are taken, or none. */
export function nameForType(name: string, mediaType: string): string {
  const extension = extensionOf(name);
  const claimed = typeOfExtension(extension);
  if (claimed === mediaType) return name;
  // Of a plain text `notes.log` and `README` say no less than `notes.log.txt`.
  if (mediaType === TEXT && claimed === undefined) return name;
  return `${name}.${takenTypes.get(mediaType)?.[0] ?? 'bin'}`;
}

function typeOfExtension(extension: string): string | undefined {
  for (const [mediaType, extensions] of takenTypes) if (extensions.includes(extension)) return mediaType;
  return undefined;
}

function isWide(head: Buffer): boolean {
  return BOMS.some((bom) => bom.length < UTF8_BOM_LENGTH && head.subarray(0, bom.length).equals(bom));
}

function beginning(head: Buffer): string {
  if (!isWide(head))
    return head
      .toString('utf8')
      .replace(/^\uFEFF/, '')
      .trimStart();
  const label = head[0] === 0xff ? 'utf-16le' : 'utf-16be';
  return new TextDecoder(label).decode(head).trimStart();
}
