import { readFile } from 'node:fs/promises';
import mammoth from 'mammoth';
import { documentBroken } from '../extraction.errors.js';
import { Archive } from './archive.js';
import { addHtml } from './html.reader.js';
import { titleOf } from './office.js';
import type { SourceFile } from './reader.js';

/** What mammoth puts behind a note to lead back to where it is mentioned. */
const BACK_LINK = /<a href="#[^"]{0,200}">↑<\/a>/g;

/** Pictures are left out: an empty source, since mammoth would put them into the HTML. */
const convertImage = mammoth.images.imgElement(() => Promise.resolve({ src: '' }));

/** Reads a Word document: headings, lists, tables, notes. */
export async function readDocx({ path, limits, list }: SourceFile): Promise<void> {
  const archive = await Archive.open(path, limits);
  try {
    // mammoth inflates whatever it is given.
    await archive.inflateAll();
    list.title = await titleOf(archive, limits.depth);
    addHtml(list, await htmlOf(await readFile(path)));
  } finally {
    archive.close();
  }
}

async function htmlOf(buffer: Buffer): Promise<string> {
  try {
    const { value } = await mammoth.convertToHtml({ buffer }, { convertImage, externalFileAccess: false });
    return value.replaceAll(BACK_LINK, '');
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw documentBroken({ detail: `The Word document cannot be read: ${message}`, cause: error });
  }
}
