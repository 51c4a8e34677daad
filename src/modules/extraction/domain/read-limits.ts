/** What reading one document may take. */
export interface ReadLimits {
  /** From the start of the process that reads to its last block. */
  timeoutMs: number;
  /** Of the process that reads, all of its memory. */
  memoryBytes: number;
  /** Of the file as it is stored. */
  fileBytes: number;
  /** Of all texts together; the document is cut behind them, and said to be. */
  characters: number;
  /** Likewise. */
  blocks: number;
  /** Files inside an archive (DOCX, PPTX, XLSX, EPUB). */
  archiveEntries: number;
  /** Of one such file once it is inflated. */
  entryBytes: number;
  /** Of all of them. */
  inflatedBytes: number;
  /** How deep what nests may nest. */
  depth: number;
}

const MEBIBYTE = 1024 * 1024;

export const defaultReadLimits: Readonly<ReadLimits> = {
  timeoutMs: 120_000,
  memoryBytes: 1024 * MEBIBYTE,
  fileBytes: 200 * MEBIBYTE,
  characters: 10_000_000,
  blocks: 200_000,
  archiveEntries: 10_000,
  entryBytes: 256 * MEBIBYTE,
  inflatedBytes: 512 * MEBIBYTE,
  depth: 200,
};
