import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { projectRoot } from '../../scripts/lib/project.mjs';

/** A document of this machine, as it is uploaded. */
export interface MachineDocument {
  name: string;
  content: Buffer;
}

/** Where documents lie, which files are some, and which part of all they are to be. */
interface Source {
  directory: string;
  isDocument: (name: string) => boolean;
  share: number;
}

/** Larger ones are few, and one of them would be a tenth of the run. */
const MAX_BYTES = 262_144;
const MIN_BYTES = 200;
const TEXTS = /^(readme|licen[sc]e|copying|changelog|history|notice|authors)|\.(md|markdown|txt|rst)$/i;
const OFFICE = /\.(docx|xlsx|pptx|epub|pdf)$/i;

const SOURCES: readonly Source[] = [
  { directory: '/usr/share/doc', isDocument: (name) => OFFICE.test(name), share: 0.05 },
  {
    directory: join(projectRoot, 'node_modules'),
    isDocument: (name) => OFFICE.test(name),
    share: 0.05,
  },
  { directory: join(projectRoot, 'node_modules'), isDocument: isPackageText, share: 0.4 },
  {
    directory: '/usr/share/doc',
    isDocument: (name) => TEXTS.test(name) || /\.(gz|html?)$|^copyright$/i.test(name),
    share: 0.3,
  },
  // Their sources: text with the marks of troff.
  { directory: '/usr/share/man', isDocument: (name) => /\.[1-8]\w*\.gz$/.test(name), share: 0.2 },
];

/**
 * Up to so many documents of this machine, no two alike, from all its sources: READMEs and licences of packages, what the
 * system says of its own, unpacked, and the sources of its manual.
 */
export function readDocuments(count: number): MachineDocument[] {
  const seen = new Set<string>();
  const sources = SOURCES.map((source) => ({ ...source, paths: listFiles(source) }));
  const taken: MachineDocument[] = [];
  for (const { paths, share } of sources) takeFrom(paths, Math.floor(count * share), taken, seen);
  // What one has not got the others may have.
  for (const { paths } of sources.toReversed()) takeFrom(paths, count - taken.length, taken, seen);
  return taken;
}

/** Evenly over all of them; a path is looked at once. */
function takeFrom(paths: string[], wanted: number, taken: MachineDocument[], seen: Set<string>): void {
  let left = Math.max(0, wanted);
  while (left > 0 && paths.length > 0) {
    const step = Math.max(1, Math.floor(paths.length / left));
    const chosen = paths.filter((_, index) => index % step === 0);
    const rest = paths.filter((_, index) => index % step !== 0);
    paths.splice(0, paths.length, ...rest);
    for (const path of chosen) {
      const document = left > 0 ? readDocument(path, seen) : undefined;
      if (!document) continue;
      taken.push(document);
      left--;
    }
  }
}

function readDocument(path: string, seen: Set<string>): MachineDocument | undefined {
  try {
    if (statSync(path).size > MAX_BYTES) return undefined;
    const isPacked = path.endsWith('.gz');
    const bytes = readFileSync(path);
    const content = isPacked ? gunzipSync(bytes, { maxOutputLength: MAX_BYTES }) : bytes;
    if (content.length < MIN_BYTES || (content.includes(0) && !OFFICE.test(path))) return undefined;
    const hash = createHash('sha256').update(content).digest('hex');
    if (seen.has(hash)) return undefined;
    seen.add(hash);
    return { name: isPacked ? basename(path, '.gz') : basename(path), content };
  } catch {
    // Gone, not ours to read, or larger than it may be.
    return undefined;
  }
}

function listFiles({ directory, isDocument }: Source): string[] {
  const files: string[] = [];
  const waiting = [directory];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const entry of entriesOf(next)) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      else if (entry.isFile() && isDocument(entry.name)) files.push(path);
    }
  }
  return files.sort();
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(realpathSync(directory), { withFileTypes: true });
  } catch {
    return [];
  }
}

function isPackageText(name: string): boolean {
  return TEXTS.test(name) && ['', '.md', '.markdown', '.txt', '.rst'].includes(extname(name).toLowerCase());
}
