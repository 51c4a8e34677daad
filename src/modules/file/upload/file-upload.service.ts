import { addAbortSignal, type Readable } from 'node:stream';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { Transactions } from '../../../platform/database/index.js';
import {
  AppError,
  invalidRequest,
  malformedRequest,
  serviceUnavailable,
} from '../../../platform/errors/index.js';
import type { FormFile, UnreadForm } from '../../../platform/http/index.js';
import { FileStorage } from '../../../platform/storage/index.js';
import { idSchema, newId } from '../../../shared/ids.js';
import { CollectionRegistry } from '../collection-registry.js';
import { cleanFileName } from '../domain/file-name.js';
import { nameForType } from '../domain/media-type.js';
import { fileConfig } from '../file.config.js';
import { fileEmpty, fileQuotaExceeded, fileTooLarge, tooManyUploads } from '../file.errors.js';
import { FileQuotaRepository, type FileUsage } from '../file-quota.repository.js';
import { FileProcessingService, type FileReceipt } from '../file-processing.service.js';
import { FileRepository, type ReceivedFile } from '../file.repository.js';
import { FileRemoval } from '../removal/file-removal.service.js';
import { uploadDocument, uploadedDocument } from '../progress/progress-document.js';
import { ProgressStore } from '../progress/progress.store.js';
import { peek } from './body-head.js';
import { FileSniffer, HEAD_BYTES } from './file-sniffer.js';

/** What became of an upload: `isDuplicate` if the owner had the content already, and this is the file with it. */
export interface UploadReceipt extends FileReceipt {
  readonly isDuplicate: boolean;
}

/** A worker takes an upload for dead whose process has not said for this long that it lives. */
const LEASE_MS = 120_000;
const RENEWAL_MS = 30_000;
const PROGRESS_INTERVAL_MS = 500;
const RETRY_AFTER_SECONDS = 5;
/** A form is this much longer than its file, at the most. */
const FORM_BYTES = 64 * 1024;

/** One upload under way. */
interface Upload {
  readonly ownerId: string;
  readonly signal: AbortSignal;
  readonly announcedBytes: number | undefined;
}

/** Takes files in. Nothing of one is left that is not accepted, at once or after a while if the process dies. */
@Injectable()
export class FileUploadService {
  private readonly logger = new Logger('Files');
  private underWay = 0;

  constructor(
    private readonly transactions: Transactions,
    private readonly storage: FileStorage,
    private readonly sniffer: FileSniffer,
    private readonly files: FileRepository,
    private readonly quotas: FileQuotaRepository,
    private readonly processing: FileProcessingService,
    private readonly removal: FileRemoval,
    private readonly progress: ProgressStore,
    private readonly collections: CollectionRegistry,
    @Inject(fileConfig.token) private readonly config: ConfigOf<typeof fileConfig>,
  ) {}

  /**
   * Takes in the file of a form, field `file`, and has it processed; into the collection of the field `collection_id`,
   * if there is one. When this returns, file and task are committed.
   * @throws file_empty, file_too_large, file_type_unsupported, file_quota_exceeded, too_many_uploads,
   *   collection_not_found, invalid_request, malformed_request, storage_full, storage_unavailable, task_quota_exceeded
   */
  async upload(ownerId: string, form: UnreadForm): Promise<UploadReceipt> {
    if (this.underWay >= this.config.maxUploadsPerProcess) throw tooManyUploads(retryLater);
    this.underWay++;
    const timeUp = AbortSignal.timeout(this.config.uploadTimeoutMs);
    const signal = AbortSignal.any([form.signal, timeUp]);
    const upload = { ownerId, signal, announcedBytes: form.announcedBytes };
    try {
      if ((form.announcedBytes ?? 0) > this.config.maxBytes + FORM_BYTES) throw this.tooLarge();
      return await this.receive(upload, form);
    } catch (error) {
      if (signal.aborted && !(error instanceof AppError)) throw givenUp(signal);
      throw error;
    } finally {
      this.underWay--;
    }
  }

  private async receive(upload: Upload, form: UnreadForm): Promise<UploadReceipt> {
    const id = newId();
    let file: ReceivedFile | undefined;
    let collectionId: string | undefined;
    try {
      for await (const part of form.parts()) {
        if (part.kind === 'file') file = await this.store(id, upload, part);
        else collectionId = await this.readCollection(upload.ownerId, part.name, part.value);
      }
      if (!file) throw invalidRequest({ param: 'file', detail: 'Send a file under the name file.' });
      return await this.accept(upload.ownerId, file, collectionId);
    } catch (error) {
      await this.discard(id);
      throw error;
    }
  }

  private async readCollection(ownerId: string, name: string, value: string): Promise<string> {
    if (name !== 'collection_id')
      throw invalidRequest({ param: name, detail: `There is no field ${name.slice(0, 100)}.` });
    const id = idSchema.safeParse(value);
    if (!id.success) throw invalidRequest({ param: name, detail: 'collection_id must be an id.' });
    await this.collections.checkOwn(ownerId, id.data);
    return id.data;
  }

  private async store(id: string, upload: Upload, part: FormFile): Promise<ReceivedFile> {
    if (part.name !== 'file')
      throw invalidRequest({ param: part.name, detail: 'The file must be sent under the name file.' });
    const sentName = cleanFileName(part.fileName);
    await this.begin(id, upload.ownerId, sentName);
    const alive = setInterval(() => {
      this.files.renewUpload(id, LEASE_MS).catch((error: unknown) => {
        this.logger.warn('an upload could not say that it lives', { file_id: id, reason: String(error) });
      });
    }, RENEWAL_MS);
    try {
      addAbortSignal(upload.signal, part.stream);
      const { head, whole } = await peek(part.stream, HEAD_BYTES);
      if (head.length === 0) throw fileEmpty({ param: 'file' });
      const byHead = await this.sniffer.sniffHead(head, sentName);
      const stored = await this.storage.put(id, this.counted(id, upload, whole), { signal: upload.signal });
      const mediaType = byHead ?? (await this.sniffer.sniffArchive(id, stored.bytes));
      const name = nameForType(sentName, mediaType);
      return { id, name, mediaType, sizeBytes: stored.bytes, sha256: stored.sha256 };
    } finally {
      clearInterval(alive);
    }
  }

  /** Notes the upload before its first byte is kept, so that a worker finds it if this process dies. */
  private async begin(id: string, ownerId: string, name: string): Promise<void> {
    await this.transactions.run(async (transaction) => {
      this.checkQuota(await this.quotas.lock(transaction, ownerId), 1);
      const limit = this.config.maxUploadsPerUser;
      if ((await this.files.countUploads(transaction, ownerId, limit)) >= limit)
        throw tooManyUploads(retryLater);
      await this.files.insertUpload(transaction, { id, ownerId, name, leaseMs: LEASE_MS });
    });
  }

  /** The same bytes, up to the limit; how many have come is noted on the way. */
  private counted(id: string, upload: Upload, whole: Readable): Readable {
    const { progress } = this;
    const { maxBytes } = this.config;
    const tooLarge = () => this.tooLarge();
    return whole.compose(async function* (pieces: AsyncIterable<Buffer>) {
      let bytes = 0;
      let notedAtMs = 0;
      for await (const piece of pieces) {
        bytes += piece.length;
        if (bytes > maxBytes) throw tooLarge();
        if (performance.now() - notedAtMs > PROGRESS_INTERVAL_MS) {
          notedAtMs = performance.now();
          void progress.noteUpload(uploadDocument(id, bytes, upload.announcedBytes));
        }
        yield piece;
      }
    }) as unknown as Readable;
  }

  private async accept(
    ownerId: string,
    file: ReceivedFile,
    collectionId: string | undefined,
  ): Promise<UploadReceipt> {
    const receipt = await this.transactions.run(async (transaction): Promise<UploadReceipt> => {
      const usage = await this.quotas.lock(transaction, ownerId);
      const twin = await this.files.findByContent(transaction, ownerId, file.sha256);
      const id = twin?.id ?? file.id;
      if (!twin) {
        this.checkQuota(usage, file.sizeBytes);
        // An erasure of the user, or a worker that took this process for dead, was faster.
        if (!(await this.files.accept(transaction, file))) throw serviceUnavailable(givenUpMeanwhile);
        await this.quotas.add(transaction, ownerId, { files: 1, bytes: file.sizeBytes });
      }
      if (collectionId !== undefined) await this.collections.add(transaction, ownerId, collectionId, id);
      if (twin) return { fileId: id, jobId: twin.jobId ?? '', status: twin.status, isDuplicate: true };
      const submitted = await this.processing.submitWithin(transaction, ownerId, id, 'process');
      return { ...submitted, isDuplicate: false };
    });
    if (receipt.isDuplicate) await this.discard(file.id);
    else {
      await this.progress.noteUpload(uploadedDocument(file.id, file.sizeBytes));
      await this.processing.begun(file.id, 'process');
    }
    return receipt;
  }

  /** Removes what has come of a file. What cannot be removed now, a worker removes. */
  private async discard(id: string): Promise<void> {
    try {
      await this.removal.discardUpload(id);
    } catch (error) {
      this.logger.warn('a worker removes the rest of an upload', { file_id: id, reason: String(error) });
    }
  }

  private checkQuota({ files, bytes }: FileUsage, moreBytes: number): void {
    const { maxFilesPerUser, maxBytesPerUser } = this.config;
    if (files < maxFilesPerUser && bytes + moreBytes <= maxBytesPerUser) return;
    throw fileQuotaExceeded({
      details: { files, bytes, max_files: maxFilesPerUser, max_bytes: maxBytesPerUser },
    });
  }

  private tooLarge(): AppError {
    const { maxBytes } = this.config;
    return fileTooLarge({
      param: 'file',
      detail: `A file may have at most ${maxBytes} bytes.`,
      details: { max_bytes: maxBytes },
    });
  }
}

const givenUpMeanwhile = { detail: 'The upload was given up meanwhile. Send the file again.' };
const retryLater = { retryAfterSeconds: RETRY_AFTER_SECONDS };

/** Why an upload was given up: by what the form says itself, or because it took too long, or its client has gone. */
function givenUp({ reason }: AbortSignal): AppError {
  if (reason instanceof AppError) return reason;
  return malformedRequest({ detail: 'The upload was cut off, or took too long.', cause: reason });
}
