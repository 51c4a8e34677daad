import type { BlockList } from '../domain/block-list.js';
import type { ReadLimits } from '../domain/read-limits.js';
import { tidyLine } from '../domain/tidy-text.js';
import { documentBroken } from '../extraction.errors.js';
import { Archive } from './archive.js';
import { type CellFormats, readCellFormats } from './cell-formats.js';
import { prefixedAttribute, type Relationships, relationshipsOf, titleOf } from './office.js';
import type { SourceFile } from './reader.js';
import { SheetReader } from './sheet.js';
import { TableWriter } from './table-writer.js';
import { parseXml } from './xml.js';

const WORKBOOK = 'xl/workbook.xml';
/** Excel allows 31. The name is said with each block. */
const MAX_NAME_CHARACTERS = 100;

/**
 * Reads an Excel workbook: each sheet is a table, read row by row without ever being in memory whole. Formulas are
 * read as the values that were stored with them.
 */
export async function readXlsx({ path, limits, list }: SourceFile): Promise<void> {
  const archive = await Archive.open(path, limits);
  try {
    if (!archive.has(WORKBOOK)) throw documentBroken({ detail: `The archive has no ${WORKBOOK}.` });
    list.title = await titleOf(archive, limits.depth);
    const { sheets, is1904 } = await readWorkbook(archive, limits.depth);
    const relationships = await relationshipsOf(archive, WORKBOOK, limits.depth);
    const strings = await readSharedStrings(archive, relationships, limits);
    const styles = partOf(archive, relationships, 'styles');
    const formats = await readCellFormats(archive, styles, { is1904, maxDepth: limits.depth });
    for (const sheet of sheets) {
      const part = relationships.get(sheet.id)?.path;
      if (part === undefined || !archive.has(part)) continue;
      await addSheet(archive, part, { name: sheet.name, strings, formats, list, maxDepth: limits.depth });
    }
  } finally {
    archive.close();
  }
}

interface SheetOptions {
  name: string;
  strings: readonly string[];
  formats: CellFormats;
  list: BlockList;
  maxDepth: number;
}

async function addSheet(archive: Archive, part: string, options: SheetOptions): Promise<void> {
  const { name, strings, formats, list, maxDepth } = options;
  const table = new TableWriter(list, { where: { sheet: name } });
  const reader = new SheetReader({ strings, formats, onRow: (row, cells) => table.add(row, cells) });
  await parseXml(archive.chunks(part), reader, maxDepth);
  table.end();
}

async function readWorkbook(
  archive: Archive,
  maxDepth: number,
): Promise<{ sheets: { name: string; id: string }[]; is1904: boolean }> {
  const sheets: { name: string; id: string }[] = [];
  let is1904 = false;
  await parseXml(
    archive.chunks(WORKBOOK),
    {
      open: (element, attributes) => {
        const id = prefixedAttribute(attributes, 'id');
        if (element === 'sheet' && id !== undefined) {
          const name = tidyLine(attributes['name'] ?? '')
            .slice(0, MAX_NAME_CHARACTERS)
            .toWellFormed();
          sheets.push({ name, id });
        }
        if (element === 'workbookPr') is1904 = /^(?:1|true)$/.test(attributes['date1904'] ?? '');
      },
    },
    maxDepth,
  );
  return { sheets, is1904 };
}

/** The texts that cells refer to by number. Those past the limit of characters are empty: nobody would read them. */
async function readSharedStrings(
  archive: Archive,
  relationships: Relationships,
  limits: ReadLimits,
): Promise<string[]> {
  const part = partOf(archive, relationships, 'sharedStrings');
  const strings: string[] = [];
  if (part === undefined) return strings;
  let text = '';
  let characters = 0;
  let isText = false;
  let isPhonetic = false;
  await parseXml(
    archive.chunks(part),
    {
      open: (name) => {
        if (name === 'si') text = '';
        else if (name === 'rPh') isPhonetic = true;
        else if (name === 't') isText = !isPhonetic;
      },
      text: (piece) => {
        if (isText && characters < limits.characters) text += piece;
      },
      close: (name) => {
        if (name === 't') isText = false;
        else if (name === 'rPh') isPhonetic = false;
        else if (name === 'si') {
          strings.push(text);
          characters += text.length;
        }
      },
    },
    limits.depth,
  );
  return strings;
}

function partOf(archive: Archive, relationships: Relationships, type: string): string | undefined {
  const path = [...relationships.values()].find((relationship) => relationship.type === type)?.path;
  return path !== undefined && archive.has(path) ? path : undefined;
}
