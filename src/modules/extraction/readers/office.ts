import { posix } from 'node:path';
import { tidyLine } from '../domain/tidy-text.js';
import type { Archive } from './archive.js';
import { parseXml } from './xml.js';

/** What Word, PowerPoint and Excel files (Office Open XML) have in common. */

/** What a part of the document refers to: the path inside the archive and the kind, by id. */
export type Relationships = ReadonlyMap<string, { path: string; type: string }>;

/** The title in a document's properties. */
export async function titleOf(archive: Archive, maxDepth: number): Promise<string | null> {
  if (!archive.has('docProps/core.xml')) return null;
  let title: string | undefined;
  let isTitle = false;
  await parseXml(
    archive.chunks('docProps/core.xml'),
    {
      open: (name) => {
        isTitle = name === 'title';
      },
      text: (text) => {
        if (isTitle) title = (title ?? '') + text;
      },
      close: () => {
        isTitle = false;
      },
    },
    maxDepth,
  );
  return tidyLine(title ?? '') || null;
}

/** What a part refers to inside the archive. What is outside of it is left out: nothing is fetched. */
export async function relationshipsOf(
  archive: Archive,
  part: string,
  maxDepth: number,
): Promise<Relationships> {
  const directory = posix.dirname(part);
  const name = posix.join(directory, '_rels', `${posix.basename(part)}.rels`);
  const found = new Map<string, { path: string; type: string }>();
  if (!archive.has(name)) return found;
  await parseXml(
    archive.chunks(name),
    {
      open: (element, attributes) => {
        const { Id: id, Target: target, Type: type = '', TargetMode: mode } = attributes;
        if (element !== 'Relationship' || id === undefined || target === undefined || mode === 'External')
          return;
        const path = target.startsWith('/') ? target.slice(1) : posix.join(directory, target);
        found.set(id, { path, type: type.slice(type.lastIndexOf('/') + 1) });
      },
    },
    maxDepth,
  );
  return found;
}

/** An attribute whatever prefix it has, such as the `id` of `r:id`. */
export function prefixedAttribute(attributes: Record<string, string>, name: string): string | undefined {
  for (const key in attributes) {
    if (key.endsWith(`:${name}`)) return attributes[key];
  }
  return undefined;
}
