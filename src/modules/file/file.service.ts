import { Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';
import type { Transaction } from '../../platform/database/index.js';
import { FileStorage, StoredBytesMissingError } from '../../platform/storage/index.js';
import type { ByteRange } from './domain/byte-range.js';
import type { StoredFile } from './domain/file.js';
import { fileNotFound } from './file.errors.js';
import { type FilePage, FileRepository, type FileSelection } from './file.repository.js';

/** The files of users. */
@Injectable()
export class FileService {
  constructor(
    private readonly repository: FileRepository,
    private readonly storage: FileStorage,
  ) {}

  /** A file of a user that is there. @throws file_not_found */
  async find(ownerId: string, id: string): Promise<StoredFile> {
    const file = await this.repository.find(id, ownerId);
    if (!file || file.status === 'uploading') throw fileNotFound();
    return file;
  }

  /** As `find`; a file that is coming in, too. @throws file_not_found */
  async findComing(ownerId: string, id: string): Promise<StoredFile> {
    const file = await this.repository.find(id, ownerId);
    if (!file) throw fileNotFound();
    return file;
  }

  /** Anybody's file that is there, for our own code. @throws file_not_found */
  async get(id: string): Promise<StoredFile> {
    const file = await this.repository.find(id);
    if (!file || file.status === 'uploading') throw fileNotFound();
    return file;
  }

  /** A user's files, the newest first. */
  list(ownerId: string, selection: FileSelection): Promise<FilePage> {
    return this.repository.list(ownerId, selection);
  }

  /** Those of these files that are there and the user's, by their ids. */
  findPresent(ownerId: string, ids: readonly string[]): Promise<Map<string, StoredFile>> {
    return this.repository.findPresent(ownerId, ids);
  }

  /**
   * The bytes of a file, or a part of them; destroy the stream if you do not read it to its end.
   * @throws file_not_found, also if it is deleted meanwhile; storage_unavailable
   */
  async open(id: string, range?: ByteRange): Promise<Readable> {
    try {
      return await this.storage.open(id, range);
    } catch (error) {
      if (error instanceof StoredBytesMissingError && !(await this.repository.find(id))) throw fileNotFound();
      throw error;
    }
  }

  /**
   * Keeps a file from being deleted until the transaction ends. Whoever writes something that comes of a file does it in
   * such a transaction: so a deletion finds all of it.
   * @returns false if it is not there any more: write nothing then.
   */
  holdPresent(transaction: Transaction, id: string): Promise<boolean> {
    return this.repository.holdPresent(transaction, id);
  }
}
