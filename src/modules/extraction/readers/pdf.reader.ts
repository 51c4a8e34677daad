import { readFile } from 'node:fs/promises';
import { getDocumentProxy } from 'unpdf';
import { tidyLine } from '../domain/tidy-text.js';
import { documentBroken, documentEmpty, documentEncrypted } from '../extraction.errors.js';
import { PdfFiles } from './pdf-cmaps.js';
import { type PageLine, addPages } from './pdf-layout.js';
import type { SourceFile } from './reader.js';

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;
type PdfPage = Awaited<ReturnType<Pdf['getPage']>>;

/** Reads the text of a PDF, page by page. Text in pictures, such as scans, is not read. */
export async function readPdf({ path, limits, list }: SourceFile): Promise<void> {
  const pdf = await openPdf(new Uint8Array(await readFile(path)));
  list.title = await titleOf(pdf);
  const pages: PageLine[][] = [];
  let characters = 0;
  for (let number = 1; number <= pdf.numPages; number += 1) {
    if (characters > limits.characters) {
      list.isTruncated = true;
      break;
    }
    const lines = await linesOfPage(pdf, number);
    pages.push(lines);
    for (const { text } of lines) characters += text.length;
  }
  if (characters === 0) {
    throw documentEmpty({ detail: 'The PDF has no text: its pages are empty, or pictures of text.' });
  }
  addPages(list, pages);
}

async function openPdf(data: Uint8Array): Promise<Pdf> {
  try {
    return await getDocumentProxy(data, {
      verbosity: 0,
      useSystemFonts: false,
      disableFontFace: true,
      enableXfa: false,
      BinaryDataFactory: PdfFiles,
      cMapPacked: false,
      useWorkerFetch: false,
    });
  } catch (error) {
    if (error instanceof Error && error.name === 'PasswordException')
      throw documentEncrypted({ cause: error });
    throw broken(error);
  }
}

async function titleOf(pdf: Pdf): Promise<string | null> {
  const { info } = await pdf.getMetadata().catch(() => ({ info: {} }));
  const title = (info as Record<string, unknown>)['Title'];
  return (typeof title === 'string' && tidyLine(title)) || null;
}

async function linesOfPage(pdf: Pdf, number: number): Promise<PageLine[]> {
  try {
    const page = await pdf.getPage(number);
    const lines = await linesOf(page);
    page.cleanup();
    return lines;
  } catch (error) {
    throw broken(error, `Page ${number} cannot be read`);
  }
}

/** The lines of a page, in the order in which the file has them. */
async function linesOf(page: PdfPage): Promise<PageLine[]> {
  const { items } = await page.getTextContent();
  const lines: PageLine[] = [];
  let line: PageLine | undefined;
  for (const item of items) {
    if (!('str' in item)) continue;
    if (item.str !== '') {
      line ??= { text: '', x: Number(item.transform[4]), y: Number(item.transform[5]), size: 0 };
      line.text += item.str;
      if (item.str.trim() !== '') line.size = Math.max(line.size, item.height);
    }
    if (item.hasEOL && line) {
      lines.push(line);
      line = undefined;
    }
  }
  if (line) lines.push(line);
  return lines.filter(({ text }) => text.trim() !== '');
}

function broken(error: unknown, what = 'The PDF cannot be read') {
  const message = error instanceof Error ? error.message : String(error);
  return documentBroken({ detail: `${what}: ${message}`, cause: error });
}
