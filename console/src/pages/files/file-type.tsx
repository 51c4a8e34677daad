const OFFICE = 'application/vnd.openxmlformats-officedocument.';

/** What people call the types of files that are taken; the same in all languages. */
const names: Readonly<Record<string, string>> = {
  'application/pdf': 'PDF',
  'application/json': 'JSON',
  'application/epub+zip': 'EPUB',
  'text/plain': 'TXT',
  'text/markdown': 'Markdown',
  'text/html': 'HTML',
  'text/csv': 'CSV',
  [`${OFFICE}wordprocessingml.document`]: 'Word',
  [`${OFFICE}presentationml.presentation`]: 'PowerPoint',
  [`${OFFICE}spreadsheetml.sheet`]: 'Excel',
};

/** The type of a file by its common name; the media type on hovering. */
export function FileType({ mediaType }: { mediaType: string }) {
  return <span title={mediaType}>{names[mediaType] ?? mediaType}</span>;
}
