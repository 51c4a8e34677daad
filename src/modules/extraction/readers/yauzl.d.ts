/** The part of yauzl that is used here; it comes without types. */
declare module 'yauzl' {
  import type { Readable } from 'node:stream';

  interface Entry {
    readonly fileName: string;
    readonly uncompressedSize: number;
    isEncrypted(): boolean;
  }

  interface ZipFile {
    readonly entryCount: number;
    eachEntry(): AsyncIterableIterator<Entry>;
    openReadStreamPromise(entry: Entry): Promise<Readable>;
    close(): void;
  }

  function openPromise(path: string, options: { lazyEntries: true; autoClose: false }): Promise<ZipFile>;

  const yauzl: { openPromise: typeof openPromise };
  export default yauzl;
  export type { Entry, ZipFile };
}
