import { useSyncExternalStore } from 'react';
import { api } from '../../api/client.ts';
import { type ProblemError, toProblem } from '../../api/problem.ts';
import { upload } from '../../api/upload.ts';
import { COLLECTIONS_PATH, type FileReceipt, FILES_PATH } from './file-api.ts';

/** How an upload stands; `known`: the same content was there already. */
export type UploadState = 'waiting' | 'sending' | 'uploaded' | 'known' | 'failed';

/** A file on its way. */
export interface Upload {
  readonly key: number;
  readonly name: string;
  readonly sizeBytes: number;
  readonly state: UploadState;
  /** How much of it has been sent, from 0 to 1. */
  readonly share: number;
  readonly fileId?: string;
  readonly problem?: ProblemError;
}

const AT_ONCE = 2;
const OK = 200;

/** The uploads of one user: a few at once, the others wait. They go on while other pages are looked at. */
export class UploadStore {
  private uploads: readonly Upload[] = [];
  private readonly waiting: Array<() => Promise<void>> = [];
  private readonly aborts = new Map<number, AbortController>();
  private readonly listeners = new Set<() => void>();
  private lastKey = 0;
  private running = 0;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly read = (): readonly Upload[] => this.uploads;

  /** Sends files, into a collection if one is named. `onDone` is called as each is there. */
  add(files: readonly File[], collectionId: string, onDone: () => void): void {
    for (const file of files) {
      const key = ++this.lastKey;
      this.aborts.set(key, new AbortController());
      this.set([...this.uploads, { key, name: file.name, sizeBytes: file.size, state: 'waiting', share: 0 }]);
      this.waiting.push(() => this.send(key, file, collectionId, onDone));
    }
    this.startNext();
  }

  /** Takes an upload off the list; one that is not done is given up. */
  remove(key: number): void {
    this.aborts.get(key)?.abort();
    this.aborts.delete(key);
    this.set(this.uploads.filter((one) => one.key !== key));
  }

  /** Takes those off the list that are over. */
  clear(): void {
    for (const { key, state } of this.uploads) {
      if (state !== 'waiting' && state !== 'sending') this.remove(key);
    }
  }

  private startNext(): void {
    while (this.running < AT_ONCE) {
      const next = this.waiting.shift();
      if (!next) return;
      this.running++;
      void next().finally(() => {
        this.running--;
        this.startNext();
      });
    }
  }

  private async send(key: number, file: File, collectionId: string, onDone: () => void): Promise<void> {
    const signal = this.aborts.get(key)?.signal;
    // Given up while it waited.
    if (!signal) return;
    this.change(key, { state: 'sending' });
    const form = new FormData();
    // Before the file: so it is checked before anything is sent.
    if (collectionId !== '') form.set('collection_id', collectionId);
    form.set('file', file);
    try {
      const { status, body } = await upload<FileReceipt>(FILES_PATH, form, {
        signal,
        onProgress: (share) => this.change(key, { share }),
      });
      this.change(key, { state: status === OK ? 'known' : 'uploaded', share: 1, fileId: body.file_id });
      onDone();
    } catch (error) {
      this.change(key, { state: 'failed', problem: toProblem(error) });
    }
  }

  private change(key: number, change: Partial<Upload>): void {
    this.set(this.uploads.map((one) => (one.key === key ? { ...one, ...change } : one)));
  }

  private set(uploads: readonly Upload[]): void {
    this.uploads = uploads;
    for (const listener of this.listeners) listener();
  }
}

/** What one user uploads is nothing for the next. */
const stores = new Map<string, UploadStore>();

export function uploadsOf(userId: string): UploadStore {
  let store = stores.get(userId);
  if (!store) stores.set(userId, (store = new UploadStore()));
  return store;
}

export function useUploads(store: UploadStore): readonly Upload[] {
  return useSyncExternalStore(store.subscribe, store.read);
}

/** Puts a file into a collection. */
export const addToCollection = (collectionId: string, fileId: string) =>
  api.put(`${COLLECTIONS_PATH}/${collectionId}/files/${fileId}`);

/** Takes a file out of a collection; the file stays. */
export const takeFromCollection = (collectionId: string, fileId: string) =>
  api.delete(`${COLLECTIONS_PATH}/${collectionId}/files/${fileId}`);
