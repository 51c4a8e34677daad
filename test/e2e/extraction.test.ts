import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type * as extraction from '../../src/modules/extraction/index.js';
import {
  type DocumentKind,
  makeDocx,
  makeEpub,
  makePptx,
  makeXlsx,
  mediaTypes,
  shape,
  wordParagraph,
} from '../factories/documents.js';
import { makePdf } from '../factories/pdf.js';

/** As it is built: the process that reads is another file there, and finds its packages another way. */
let built: typeof extraction;
let directory: string;
beforeAll(async () => {
  built = (await import(
    new URL('../../dist/modules/extraction/index.js', import.meta.url).href
  )) as typeof extraction;
  directory = await mkdtemp(join(tmpdir(), 'lockkeeper-built-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const documents: Record<DocumentKind, string | Buffer> = {
  text: 'Said here.',
  markdown: 'Said *here*.',
  html: '<p>Said <b>here</b>.</p>',
  csv: 'Said here.',
  json: '"Said here."',
  pdf: makePdf([[{ text: 'Said here.', y: 700 }]]),
  docx: makeDocx(wordParagraph('Said here.')),
  pptx: makePptx([{ content: shape(['Said here.']) }]),
  xlsx: makeXlsx({ A: '<row r="1"><c t="str"><v>Said here.</v></c></row>' }),
  epub: makeEpub('A', ['<html><body><p>Said here.</p></body></html>']),
};

it.each(Object.keys(documents) as DocumentKind[])('the built product reads %s', async (kind) => {
  const path = join(directory, kind);
  await writeFile(path, documents[kind]);
  const source = { path, mediaType: mediaTypes[kind], name: `a.${kind}` };
  const { blocks } = await new built.DocumentReader().read(source);
  expect(built.chunkBlocks(blocks).map(({ text }) => text)).toEqual(['Said here.']);
});
