import { open, readFile } from 'node:fs/promises';
import { BlockList, DocumentFull } from '../domain/block-list.js';
import { type ReadDocument, plainTextOf } from '../domain/block.js';
import { languageOf } from '../domain/language.js';
import type { ReadLimits } from '../domain/read-limits.js';
import type { DocumentFormat } from '../domain/readable-types.js';
import { documentEmpty, documentEncrypted, documentTypeUnsupported } from '../extraction.errors.js';
import type { Reader } from '../readers/reader.js';

/** Each reader is loaded when it is needed: a process reads one document, and the parser of PDF alone is 2 MB. */
const readers: Record<DocumentFormat, () => Promise<Reader>> = {
  text: async () => (await import('../readers/text.reader.js')).readText,
  markdown: async () => (await import('../readers/markdown.reader.js')).readMarkdown,
  html: async () => (await import('../readers/html.reader.js')).readHtml,
  csv: async () => (await import('../readers/csv.reader.js')).readCsv,
  json: async () => (await import('../readers/json.reader.js')).readJson,
  pdf: async () => (await import('../readers/pdf.reader.js')).readPdf,
  docx: async () => (await import('../readers/docx.reader.js')).readDocx,
  pptx: async () => (await import('../readers/pptx.reader.js')).readPptx,
  xlsx: async () => (await import('../readers/xlsx.reader.js')).readXlsx,
  epub: async () => (await import('../readers/epub.reader.js')).readEpub,
};

const OFFICE: ReadonlySet<DocumentFormat> = new Set(['docx', 'pptx', 'xlsx']);
const MAX_TITLE_CHARACTERS = 300;

/** How the files of older Office programs begin, and those that are encrypted by newer ones. */
const COMPOUND_FILE = Buffer.from('d0cf11e0a1b11ae1', 'hex');
const ENCRYPTED_PACKAGE = Buffer.from('EncryptedPackage', 'utf16le');

/**
 * Reads a document in this process: in a process of its own, see `DocumentReader`.
 * @throws an error of the module
 */
export async function readDocument(
  path: string,
  format: DocumentFormat,
  limits: ReadLimits,
): Promise<ReadDocument> {
  if (OFFICE.has(format)) await refuseCompoundFile(path);
  const list = new BlockList(limits);
  const reader = await readers[format]();
  try {
    await reader({ path, limits, list });
  } catch (error) {
    if (!(error instanceof DocumentFull)) throw error;
    list.isTruncated = true;
  }
  const { title, blocks, isTruncated } = list;
  if (blocks.length === 0) throw documentEmpty();
  return {
    title: title?.slice(0, MAX_TITLE_CHARACTERS).toWellFormed() ?? null,
    language: languageOf(plainTextOf(blocks)),
    blocks,
    isTruncated,
  };
}

async function refuseCompoundFile(path: string): Promise<void> {
  const file = await open(path);
  const head = Buffer.alloc(COMPOUND_FILE.length);
  try {
    await file.read(head, 0, head.length, 0);
  } finally {
    await file.close();
  }
  if (!head.equals(COMPOUND_FILE)) return;
  if ((await readFile(path)).includes(ENCRYPTED_PACKAGE)) throw documentEncrypted();
  throw documentTypeUnsupported({
    detail: 'It is a file of an older Office program; save it in the newer format.',
  });
}
