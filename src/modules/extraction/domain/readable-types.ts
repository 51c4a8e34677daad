/** The kinds of documents that can be read. */
export type DocumentFormat =
  | 'text'
  | 'markdown'
  | 'html'
  | 'csv'
  | 'json'
  | 'pdf'
  | 'docx'
  | 'pptx'
  | 'xlsx'
  | 'epub';

const OFFICE = 'application/vnd.openxmlformats-officedocument';

/** The media types that can be read, and as what. */
export const readableTypes: ReadonlyMap<string, DocumentFormat> = new Map<string, DocumentFormat>([
  ['text/plain', 'text'],
  ['text/markdown', 'markdown'],
  ['text/html', 'html'],
  ['application/xhtml+xml', 'html'],
  ['text/csv', 'csv'],
  ['text/tab-separated-values', 'csv'],
  ['application/json', 'json'],
  ['application/x-ndjson', 'json'],
  ['application/pdf', 'pdf'],
  [`${OFFICE}.wordprocessingml.document`, 'docx'],
  [`${OFFICE}.presentationml.presentation`, 'pptx'],
  [`${OFFICE}.spreadsheetml.sheet`, 'xlsx'],
  ['application/epub+zip', 'epub'],
]);

/** Of a text that nobody can tell from another by its content, its name tells. */
const TEXT_NAMES: ReadonlyMap<string, DocumentFormat> = new Map<string, DocumentFormat>([
  ['md', 'markdown'],
  ['markdown', 'markdown'],
  ['htm', 'html'],
  ['html', 'html'],
  ['csv', 'csv'],
  ['tsv', 'csv'],
  ['json', 'json'],
  ['jsonl', 'json'],
  ['ndjson', 'json'],
]);

/** How a document of this media type and name is read; undefined if it cannot be. */
export function formatOf(mediaType: string, name: string): DocumentFormat | undefined {
  const format = readableTypes.get(mediaType.replace(/;.*$/s, '').trim().toLowerCase());
  if (format !== 'text') return format;
  return TEXT_NAMES.get(name.slice(name.lastIndexOf('.') + 1).toLowerCase()) ?? 'text';
}
