import yauzl, { type Entry, type ZipFile } from 'yauzl';
import type { ReadLimits } from '../domain/read-limits.js';
import { documentBroken, documentEncrypted, documentTooLarge } from '../extraction.errors.js';
import { decodeText } from './charset.js';

type ArchiveLimits = Pick<ReadLimits, 'archiveEntries' | 'entryBytes' | 'inflatedBytes'>;

/**
 * A ZIP archive of which no more is inflated than its limits allow, whatever sizes it states. Nothing is written to
 * disk, so names are names and no paths; those that would lead out of the archive are refused all the same.
 */
export class Archive {
  private readonly zip: ZipFile;
  private readonly entries: ReadonlyMap<string, Entry>;
  private readonly limits: ArchiveLimits;
  private inflatedBytes = 0;

  private constructor(zip: ZipFile, entries: ReadonlyMap<string, Entry>, limits: ArchiveLimits) {
    this.zip = zip;
    this.entries = entries;
    this.limits = limits;
  }

  /**
   * Opens an archive and reads its list of files.
   * @throws documentBroken, documentEncrypted, documentTooLarge
   */
  static async open(path: string, limits: ArchiveLimits): Promise<Archive> {
    const zip = await yauzl.openPromise(path, { lazyEntries: true, autoClose: false }).catch(refuse);
    try {
      return new Archive(zip, await readEntries(zip, limits), limits);
    } catch (error) {
      zip.close();
      return refuse(error);
    }
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  /** The names of its files, in the order of the archive. */
  names(): string[] {
    return [...this.entries.keys()];
  }

  /**
   * Inflates one file, piece by piece.
   * @throws documentBroken if there is none or it is damaged, documentTooLarge past a limit
   */
  async *chunks(name: string): AsyncGenerator<Buffer> {
    const entry = this.entries.get(name);
    if (!entry) throw documentBroken({ detail: `The archive has no ${name}.` });
    let entryBytes = 0;
    try {
      for await (const chunk of await this.zip.openReadStreamPromise(entry)) {
        const bytes = chunk as Buffer;
        entryBytes += bytes.length;
        this.inflatedBytes += bytes.length;
        if (entryBytes > this.limits.entryBytes || this.inflatedBytes > this.limits.inflatedBytes) {
          throw documentTooLarge({ detail: `The archive inflates to more than is allowed, at ${name}.` });
        }
        yield bytes;
      }
    } catch (error) {
      refuse(error);
    }
  }

  /** Inflates one file whole, as text. */
  async text(name: string): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.chunks(name)) chunks.push(chunk);
    return decodeText(Buffer.concat(chunks));
  }

  /** Inflates everything once and keeps nothing: what passes may be given to a reader that knows no limits. */
  async inflateAll(): Promise<void> {
    for (const name of this.entries.keys()) {
      for await (const chunk of this.chunks(name)) void chunk;
    }
    this.inflatedBytes = 0;
  }

  close(): void {
    this.zip.close();
  }
}

async function readEntries(zip: ZipFile, limits: ArchiveLimits): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  let count = 0;
  for await (const entry of zip.eachEntry()) {
    count += 1;
    if (count > limits.archiveEntries) throw documentTooLarge({ detail: 'The archive has too many files.' });
    if (entry.isEncrypted()) throw documentEncrypted();
    if (entry.fileName.endsWith('/')) continue;
    if (entries.has(entry.fileName)) {
      throw documentBroken({ detail: `The archive has several files named ${entry.fileName}.` });
    }
    entries.set(entry.fileName, entry);
  }
  return entries;
}

/** Turns what the ZIP reader says into an error of ours; ours pass. */
function refuse(error: unknown): never {
  if (error instanceof Error && error.name === 'AppError') throw error;
  const message = error instanceof Error ? error.message : String(error);
  if (message === 'strong encryption is not supported') throw documentEncrypted({ cause: error });
  throw documentBroken({ detail: `The archive cannot be read: ${message}.`, cause: error });
}
