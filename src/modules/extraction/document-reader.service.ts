import { realpath, stat } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import type { ReadDocument } from './domain/block.js';
import { type ReadLimits, defaultReadLimits } from './domain/read-limits.js';
import { formatOf } from './domain/readable-types.js';
import { documentEmpty, documentTooLarge, documentTypeUnsupported } from './extraction.errors.js';
import { readInProcess } from './reading/reading-process.js';

export interface DocumentSource {
  /** Where the file is on this machine. */
  path: string;
  mediaType: string;
  /** What the user calls it: tells Markdown, CSV and JSON from other text. */
  name: string;
}

/** Reads documents. Whoever sent them may mean harm, so each is read in a process of its own that can do none. */
@Injectable()
export class DocumentReader {
  /**
   * Reads a document into blocks. How many are read at once is the caller's to limit: each takes a processor and up
   * to `limits.memoryBytes`.
   * @throws documentTypeUnsupported, documentEmpty, documentBroken, documentEncrypted, documentTooLarge,
   * documentTooSlow; the signal's reason when it is aborted; the system's error if there is no such file
   */
  async read(
    source: DocumentSource,
    limits: Partial<ReadLimits> = {},
    signal?: AbortSignal,
  ): Promise<ReadDocument> {
    signal?.throwIfAborted();
    const format = formatOf(source.mediaType, source.name);
    if (!format) throw documentTypeUnsupported({ details: { media_type: source.mediaType } });
    const all = { ...defaultReadLimits, ...limits };
    const { size } = await stat(source.path);
    if (size === 0) throw documentEmpty();
    if (size > all.fileBytes) throw documentTooLarge({ details: { bytes: size, max_bytes: all.fileBytes } });
    // It may be read by the one name that it really has.
    return readInProcess(await realpath(source.path), format, all, signal);
  }
}
