import { buffer } from 'node:stream/consumers';
import { Injectable } from '@nestjs/common';
import { fileTypeFromBuffer } from 'file-type';
import type { AppError } from '../../../platform/errors/index.js';
import { FileStorage } from '../../../platform/storage/index.js';
import { entryNames, findContents, TAIL_BYTES } from '../domain/archive-names.js';
import { isUtf8, looksLikeText, textTypeOf } from '../domain/media-type.js';
import { fileTypeUnsupported } from '../file.errors.js';

/** So much of a file's beginning is looked at. */
export const HEAD_BYTES = 64 * 1024;

const PDF_MARK = '%PDF-';
/** Readers take a PDF that begins with something else, up to so far. */
const PDF_MARK_WITHIN = 1_024;
const ZIP_MARK = 'PK\x03\x04';
const RTF_MARK = '{\\rtf';
/** So much of an archive's table of contents is looked at: some ten thousand entries. */
const MAX_CONTENTS_BYTES = 1024 * 1024;

const OFFICE = 'application/vnd.openxmlformats-officedocument';
/** An entry that only this kind of document has. */
const DOCUMENT_ENTRIES: readonly (readonly [RegExp, string])[] = [
  [/^word\/document\d*\.xml$/i, `${OFFICE}.wordprocessingml.document`],
  [/^ppt\/presentation\.xml$/i, `${OFFICE}.presentationml.presentation`],
  [/^xl\/workbook\.(xml|bin)$/i, `${OFFICE}.spreadsheetml.sheet`],
  [/^META-INF\/container\.xml$/, 'application/epub+zip'],
];

/** Tells the type of a file by what is in it. */
@Injectable()
export class FileSniffer {
  constructor(private readonly storage: FileStorage) {}

  /**
   * The type by the first bytes; undefined for an archive, of which only its end can tell: see `sniffArchive`.
   * @throws file_type_unsupported
   */
  async sniffHead(head: Buffer, name: string): Promise<string | undefined> {
    if (head.subarray(0, PDF_MARK_WITHIN).includes(PDF_MARK)) return 'application/pdf';
    if (beginsWith(head, ZIP_MARK)) return undefined;
    if (beginsWith(head, RTF_MARK)) throw refused('application/rtf');
    // Before all marks: some types have one of two or three letters, with which a text may begin.
    if (looksLikeText(head) && isUtf8(head)) return textTypeOf(head, name);
    const found = await fileTypeFromBuffer(head);
    if (!found && looksLikeText(head)) return textTypeOf(head, name);
    throw refused(found?.mime);
  }

  /**
   * The type of a stored ZIP archive by its table of contents. What is in it is not unpacked.
   * @throws file_type_unsupported
   */
  async sniffArchive(key: string, bytes: number): Promise<string> {
    const tail = await this.read(key, Math.max(0, bytes - TAIL_BYTES), bytes - 1);
    const place = findContents(tail, bytes);
    if (!place) throw refused('application/zip');
    const end = place.start + Math.min(place.bytes, MAX_CONTENTS_BYTES) - 1;
    const names = entryNames(await this.read(key, place.start, end));
    const found = DOCUMENT_ENTRIES.find(([pattern]) => names.some((name) => pattern.test(name)));
    if (!found) throw refused('application/zip');
    return found[1];
  }

  private async read(key: string, start: number, end: number): Promise<Buffer> {
    return buffer(await this.storage.open(key, { start, end }));
  }
}

function beginsWith(head: Buffer, mark: string): boolean {
  return head.subarray(0, mark.length).equals(Buffer.from(mark, 'latin1'));
}

function refused(mediaType: string | undefined): AppError {
  return fileTypeUnsupported({
    param: 'file',
    detail:
      'Taken are text, Markdown, HTML, CSV, JSON, PDF, DOCX, PPTX, XLSX and EPUB, by what is in the file.',
    ...(mediaType !== undefined && { details: { media_type: mediaType } }),
  });
}
