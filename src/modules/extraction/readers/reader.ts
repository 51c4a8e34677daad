import type { BlockList } from '../domain/block-list.js';
import type { ReadLimits } from '../domain/read-limits.js';

/** What a reader is given: the file, and where its blocks go. */
export interface SourceFile {
  path: string;
  limits: ReadLimits;
  list: BlockList;
}

/**
 * Reads one kind of document into the list: its title, its blocks, and whether it was cut off.
 * @throws an error of the module, or `DocumentFull` when the list is full
 */
export type Reader = (source: SourceFile) => Promise<void>;
