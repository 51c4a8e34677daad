import { posix } from 'node:path';
import { tidyLine } from '../domain/tidy-text.js';
import { documentBroken, documentEncrypted } from '../extraction.errors.js';
import { Archive } from './archive.js';
import { addHtml } from './html.reader.js';
import type { SourceFile } from './reader.js';
import { parseXml } from './xml.js';

const CONTAINER = 'META-INF/container.xml';
const ENCRYPTION = 'META-INF/encryption.xml';

/** Reads an EPUB book: its chapters in the order of the spine. */
export async function readEpub({ path, limits, list }: SourceFile): Promise<void> {
  const archive = await Archive.open(path, limits);
  try {
    const { title, chapters } = await readPackage(archive, limits.depth);
    const encrypted = await encryptedFiles(archive, limits.depth);
    if (chapters.some((chapter) => encrypted.has(chapter))) throw documentEncrypted();
    list.title = title;
    for (const chapter of chapters) {
      if (!archive.has(chapter)) continue;
      list.leaveSections();
      addHtml(list, await archive.text(chapter), { isXhtml: true });
    }
  } finally {
    archive.close();
  }
}

/** The package file that the container names: title, files, and the order in which they are read. */
async function readPackage(
  archive: Archive,
  maxDepth: number,
): Promise<{ title: string | null; chapters: string[] }> {
  const path = await packagePath(archive, maxDepth);
  const files = new Map<string, string>();
  const spine: string[] = [];
  let title = '';
  let isTitle = false;
  await parseXml(
    archive.chunks(path),
    {
      open: (name, attributes) => {
        const { id, href, idref } = attributes;
        isTitle = name === 'title' && title === '';
        if (name === 'item' && id !== undefined && href !== undefined) files.set(id, resolve(path, href));
        if (name === 'itemref' && idref !== undefined) spine.push(idref);
      },
      text: (text) => {
        if (isTitle) title += text;
      },
      close: () => {
        isTitle = false;
      },
    },
    maxDepth,
  );
  // A book that names a chapter twice is read once.
  const chapters = new Set(spine.flatMap((id) => files.get(id) ?? []));
  if (chapters.size === 0) throw documentBroken({ detail: 'The book has no chapters.' });
  return { title: tidyLine(title) || null, chapters: [...chapters] };
}

async function packagePath(archive: Archive, maxDepth: number): Promise<string> {
  let path: string | undefined;
  await parseXml(
    archive.chunks(CONTAINER),
    {
      open: (name, attributes) => {
        if (name === 'rootfile') path ??= attributes['full-path'];
      },
    },
    maxDepth,
  );
  if (path === undefined) throw documentBroken({ detail: `${CONTAINER} names no package.` });
  return path;
}

/** The files that a copy protection has encrypted. Fonts often are, which is no concern of ours. */
async function encryptedFiles(archive: Archive, maxDepth: number): Promise<ReadonlySet<string>> {
  const files = new Set<string>();
  if (!archive.has(ENCRYPTION)) return files;
  await parseXml(
    archive.chunks(ENCRYPTION),
    {
      open: (name, attributes) => {
        const uri = attributes['URI'];
        if (name === 'CipherReference' && uri !== undefined) files.add(unescaped(uri));
      },
    },
    maxDepth,
  );
  return files;
}

function resolve(from: string, href: string): string {
  return posix.join(posix.dirname(from), unescaped(href.replace(/#.*$/, '')));
}

function unescaped(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri;
  }
}
