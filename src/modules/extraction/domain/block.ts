/**
 * What a document is read into. The plain text of a document is the texts of its blocks joined by `BLOCK_SEPARATOR`;
 * every place points into that text.
 */

export const BLOCK_SEPARATOR = '\n\n';

/** Where a block or a chunk stands. Numbers begin with 1, as people count; offsets are UTF-16 code units from 0. */
export interface Place {
  /** The page of a PDF. */
  page?: number;
  /** The slide of a presentation. */
  slide?: number;
  /** The sheet of a workbook. */
  sheet?: string;
  /** Of a table: the row, or record, in which it begins. */
  row?: number;
  /** The headings above, outermost first. A heading's own text is the last one. Long ones are cut. */
  section?: string[];
  /** Where it begins and ends in the document's plain text. */
  start: number;
  end: number;
}

export type BlockKind = 'heading' | 'paragraph' | 'list_item' | 'table' | 'code';

/** A part of a document that reads as one: its lines belong together. */
export interface Block {
  kind: BlockKind;
  /** Never empty. A table has a row on each line, the cells separated by ` | `. */
  text: string;
  /** Of a heading: 1 (outermost) to 6. */
  level?: number;
  /** Of a table that has a row of headings: that row. The table's first block begins with it, those that go on do not. */
  header?: string;
  place: Place;
}

/** A document as it was read. */
export interface ReadDocument {
  /** What the document says it is called. */
  title: string | null;
  /** What most of it is written in; null if that is neither, or cannot be told. */
  language: 'zh' | 'en' | null;
  blocks: Block[];
  /** True if the document goes on behind what the limits allow to be read. */
  isTruncated: boolean;
}

/** The plain text of blocks that follow each other. */
export function plainTextOf(blocks: readonly Block[]): string {
  return blocks.map(({ text }) => text).join(BLOCK_SEPARATOR);
}
