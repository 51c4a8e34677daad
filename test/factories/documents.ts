import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DocumentReader, type ReadDocument, type ReadLimits } from '../../src/modules/extraction/index.js';
import { makeZip, type ZipEntry } from './zip.js';

/** Documents made by hand, so that each byte of them is known, and what reads them. */

const OFFICE = 'application/vnd.openxmlformats-officedocument';
export const mediaTypes = {
  text: 'text/plain',
  markdown: 'text/markdown',
  html: 'text/html',
  csv: 'text/csv',
  json: 'application/json',
  pdf: 'application/pdf',
  docx: `${OFFICE}.wordprocessingml.document`,
  pptx: `${OFFICE}.presentationml.presentation`,
  xlsx: `${OFFICE}.spreadsheetml.sheet`,
  epub: 'application/epub+zip',
};
export type DocumentKind = keyof typeof mediaTypes;

/** Writes a document to disk and reads it as the product does; the file is gone afterwards. */
export async function readContent(
  kind: DocumentKind,
  content: string | Buffer,
  limits: Partial<ReadLimits> = {},
  signal?: AbortSignal,
): Promise<ReadDocument> {
  const directory = await mkdtemp(join(tmpdir(), 'lockkeeper-document-'));
  try {
    const path = join(directory, 'content');
    await writeFile(path, content);
    const source = { path, mediaType: mediaTypes[kind], name: `document.${kind}` };
    return await new DocumentReader().read(source, limits, signal);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The code of the error that reading ends with. */
export async function refusalOf(reading: Promise<ReadDocument>): Promise<string> {
  const outcome = await reading.then(
    ({ blocks }) => `read ${blocks.length} blocks`,
    (error: unknown) => error,
  );
  if (outcome instanceof Error && 'code' in outcome) return String(outcome.code);
  throw outcome instanceof Error ? outcome : new Error(`It was not refused: ${String(outcome)}.`);
}

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const RELATIONSHIPS = 'http://schemas.openxmlformats.org/package/2006/relationships';
const OFFICE_RELATIONSHIPS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

export function coreProperties(title: string): ZipEntry {
  return {
    name: 'docProps/core.xml',
    content: `${XML}<cp:coreProperties xmlns:cp="urn:cp" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>Somebody</dc:creator><dc:title>${title}</dc:title></cp:coreProperties>`,
  };
}

/** The relationships of a part: type and target by id. */
export function relationships(
  name: string,
  targets: Record<string, [type: string, target: string]>,
): ZipEntry {
  const each = Object.entries(targets).map(
    ([id, [type, target]]) =>
      `<Relationship Id="${id}" Type="${OFFICE_RELATIONSHIPS}/${type}" Target="${target}"/>`,
  );
  return { name, content: `${XML}<Relationships xmlns="${RELATIONSHIPS}">${each.join('')}</Relationships>` };
}

/** A Word document with this body, in WordprocessingML. */
export function makeDocx(body: string, extra: readonly ZipEntry[] = []): Buffer {
  const main = `${OFFICE}.wordprocessingml.document.main+xml`;
  return makeZip([
    {
      name: '[Content_Types].xml',
      content: `${XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="${main}"/></Types>`,
    },
    relationships('_rels/.rels', { rId1: ['officeDocument', 'word/document.xml'] }),
    {
      name: 'word/document.xml',
      content: `${XML}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${body}</w:body></w:document>`,
    },
    ...extra,
  ]);
}

/** A paragraph of WordprocessingML. */
export function wordParagraph(text: string, style?: string): string {
  const properties = style === undefined ? '' : `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>`;
  return `<w:p>${properties}<w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`;
}

/** Names the styles of headings, as Word does. */
export const wordStyles: ZipEntry = {
  name: 'word/styles.xml',
  content: `${XML}<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">${[1, 2]
    .map(
      (level) =>
        `<w:style w:type="paragraph" w:styleId="H${level}"><w:name w:val="heading ${level}"/></w:style>`,
    )
    .join('')}</w:styles>`,
};

const DRAWING =
  'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"';

/** A shape of a slide: its placeholder, if any, and its paragraphs. */
export function shape(paragraphs: readonly string[], placeholder?: string): string {
  const kind = placeholder === undefined ? '' : `<p:ph type="${placeholder}"/>`;
  const texts = paragraphs.map((text) => `<a:p><a:r><a:t>${text}</a:t></a:r></a:p>`);
  return `<p:sp><p:nvSpPr><p:nvPr>${kind}</p:nvPr></p:nvSpPr><p:txBody>${texts.join('')}</p:txBody></p:sp>`;
}

/** A presentation. Slide n is in a file of another number, as happens when slides are moved. */
export function makePptx(slides: readonly { content: string; notes?: string }[]): Buffer {
  const entries: ZipEntry[] = [];
  const targets: Record<string, [string, string]> = {};
  for (const [index, { content, notes }] of slides.entries()) {
    const file = slides.length - index;
    targets[`rId${index + 1}`] = ['slide', `slides/slide${file}.xml`];
    entries.push({
      name: `ppt/slides/slide${file}.xml`,
      content: `${XML}<p:sld ${DRAWING}><p:cSld><p:spTree>${content}</p:spTree></p:cSld></p:sld>`,
    });
    if (notes === undefined) continue;
    entries.push(
      relationships(`ppt/slides/_rels/slide${file}.xml.rels`, {
        rId1: ['notesSlide', `../notesSlides/${file}.xml`],
      }),
      {
        name: `ppt/notesSlides/${file}.xml`,
        content: `${XML}<p:notes ${DRAWING}><p:cSld><p:spTree>${notes}</p:spTree></p:cSld></p:notes>`,
      },
    );
  }
  const ids = slides.map((_, index) => `<p:sldId id="${256 + index}" r:id="rId${index + 1}"/>`);
  return makeZip([
    ...entries.toReversed(),
    {
      name: 'ppt/presentation.xml',
      content: `${XML}<p:presentation ${DRAWING}><p:sldIdLst>${ids.join('')}</p:sldIdLst></p:presentation>`,
    },
    relationships('ppt/_rels/presentation.xml.rels', targets),
  ]);
}

/** A workbook: the XML of each sheet's rows by its name, shared strings, and the XML of styles. */
export function makeXlsx(
  sheets: Readonly<Record<string, string>>,
  { strings = [], styles, extra = [] }: { strings?: string[]; styles?: string; extra?: ZipEntry[] } = {},
): Buffer {
  const main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
  const names = Object.keys(sheets);
  const targets: Record<string, [string, string]> = {
    strings: ['sharedStrings', 'sharedStrings.xml'],
    ...(styles !== undefined && { styles: ['styles', 'styles.xml'] }),
  };
  for (const [index] of names.entries())
    targets[`rId${index}`] = ['worksheet', `/xl/worksheets/${index}.xml`];
  return makeZip([
    {
      name: 'xl/workbook.xml',
      content: `${XML}<workbook ${main} xmlns:r="${OFFICE_RELATIONSHIPS}"><sheets>${names
        .map((name, index) => `<sheet name="${name}" sheetId="${index + 1}" r:id="rId${index}"/>`)
        .join('')}</sheets></workbook>`,
    },
    relationships('xl/_rels/workbook.xml.rels', targets),
    { name: 'xl/sharedStrings.xml', content: `${XML}<sst ${main}>${strings.join('')}</sst>` },
    ...(styles === undefined
      ? []
      : [{ name: 'xl/styles.xml', content: `${XML}<styleSheet ${main}>${styles}</styleSheet>` }]),
    ...names.map((name, index) => ({
      name: `xl/worksheets/${index}.xml`,
      content: `${XML}<worksheet ${main}><sheetData>${sheets[name]}</sheetData></worksheet>`,
    })),
    ...extra,
  ]);
}

/** A book with these chapters, in this order in the spine and in the opposite one in the archive. */
export function makeEpub(
  title: string,
  chapters: readonly string[],
  extra: readonly ZipEntry[] = [],
): Buffer {
  const items = chapters.map(
    (_, index) =>
      `<item id="c${index}" href="text/chapter%20${index}.xhtml" media-type="application/xhtml+xml"/>`,
  );
  const spine = chapters.map((_, index) => `<itemref idref="c${index}"/>`);
  return makeZip([
    { name: 'mimetype', content: mediaTypes.epub, isStored: true },
    {
      name: 'META-INF/container.xml',
      content: `${XML}<container><rootfiles><rootfile full-path="OEBPS/content.opf"/></rootfiles></container>`,
    },
    {
      name: 'OEBPS/content.opf',
      content: `${XML}<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>${title}</dc:title></metadata><manifest>${items.toReversed().join('')}</manifest><spine>${spine.join('')}</spine></package>`,
    },
    ...chapters
      .map((content, index) => ({ name: `OEBPS/text/chapter ${index}.xhtml`, content }))
      .toReversed(),
    ...extra,
  ]);
}
