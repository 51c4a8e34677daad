import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { ConfigOf } from '../config/index.js';
import { type ByteRange, checkKey, FileStorage, type StoredBytes } from './file-storage.js';
import { HashedBytes } from './hashed-bytes.js';
import type { storageConfig } from './storage.config.js';
import { StoredBytesMissingError, storageFull, storageUnavailable } from './storage.errors.js';

/** S3 takes at most 10,000 parts of at least 5 MiB. So many parts of one put are in memory at a time. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_AT_ONCE = 2;
const MAX_ATTEMPTS = 3;
const CONNECT_TIMEOUT_MS = 5_000;

const NOT_FOUND = 404;
const INSUFFICIENT_STORAGE = 507;
/** What services call it when a bucket, a quota or their disks are full. */
const FULL_NAMES = new Set([
  'EntityTooLarge',
  'InsufficientStorage',
  'QuotaExceeded',
  'XMinioAdminBucketQuotaExceeded',
  'XMinioStorageFull',
]);

/** Keeps bytes as objects in a bucket of S3, or of a service that speaks its protocol. */
export class S3Storage extends FileStorage {
  private readonly client: S3Client;
  private readonly bucket: string;

  constructor(config: ConfigOf<typeof storageConfig>) {
    super();
    this.bucket = config.s3Bucket;
    this.client = new S3Client({
      region: config.s3Region,
      forcePathStyle: config.s3PathStyle,
      maxAttempts: MAX_ATTEMPTS,
      // Services other than AWS often do not know the newer checksums; what is put is hashed by us.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: {
        connectionTimeout: CONNECT_TIMEOUT_MS,
        requestTimeout: config.timeoutMs,
        socketTimeout: config.timeoutMs,
        throwOnRequestTimeout: true,
      },
      ...(config.s3Endpoint !== undefined && { endpoint: config.s3Endpoint }),
      ...(config.s3AccessKeyId !== '' && {
        credentials: { accessKeyId: config.s3AccessKeyId, secretAccessKey: config.s3SecretAccessKey },
      }),
    });
  }

  override async put(
    key: string,
    source: Readable,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<StoredBytes> {
    checkKey(key);
    const hashed = new HashedBytes();
    const body = Readable.from(hashed.count(source), { objectMode: false });
    const upload = new Upload({
      client: this.client,
      params: { Bucket: this.bucket, Key: key, Body: body },
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
      leavePartsOnError: false,
    });
    const abort = () => {
      source.destroy();
      void upload.abort().catch(() => undefined);
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      signal?.throwIfAborted();
      await upload.done();
      signal?.throwIfAborted();
      return hashed.finish();
    } catch (error) {
      // Found out before the source is destroyed, which is an error to its reader.
      const cause = signal?.aborted ? signal.reason : (hashed.sourceError ?? inOurWords(key, error));
      source.destroy();
      body.destroy();
      // An object that was there a moment too late, and parts that the upload could not take back.
      await this.remove(key).catch(() => undefined);
      throw cause;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  override async open(key: string, range?: ByteRange): Promise<Readable> {
    checkKey(key);
    const { Body: body } = await this.reach(key, () =>
      this.client.send(
        new GetObjectCommand({
          Bucket: this.bucket,
          Key: key,
          ...(range && { Range: `bytes=${range.start}-${range.end}` }),
        }),
      ),
    );
    if (!(body instanceof Readable))
      throw new Error('The S3 client did not answer with a stream of Node.js.');
    return body;
  }

  override async stat(key: string): Promise<{ bytes: number } | undefined> {
    checkKey(key);
    try {
      const head = await this.reach(key, () =>
        this.client.send(new HeadObjectCommand({ Bucket: this.bucket, Key: key })),
      );
      return { bytes: head.ContentLength ?? 0 };
    } catch (error) {
      if (error instanceof StoredBytesMissingError) return undefined;
      throw error;
    }
  }

  override async remove(key: string): Promise<void> {
    checkKey(key);
    const target = { Bucket: this.bucket, Key: key };
    const { Uploads: cutOff = [] } = await this.reach(key, () =>
      this.client.send(new ListMultipartUploadsCommand({ Bucket: this.bucket, Prefix: key })),
    );
    for (const { Key: name, UploadId: id } of cutOff) {
      if (name !== key) continue;
      await this.client
        .send(new AbortMultipartUploadCommand({ ...target, UploadId: id }))
        .catch((error: unknown) => {
          if (!isMissing(error)) throw inOurWords(key, error);
        });
    }
    await this.reach(key, () => this.client.send(new DeleteObjectCommand(target)));
  }

  private async reach<T>(key: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw inOurWords(key, error);
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === NOT_FOUND;
}

/** An error of the service or of the way to it as that of a storage. */
function inOurWords(key: string, error: unknown): unknown {
  if (error instanceof S3ServiceException) {
    // A bucket that is not there is no matter of the key.
    if (isMissing(error) && error.name !== 'NoSuchBucket')
      return new StoredBytesMissingError(key, { cause: error });
    if (FULL_NAMES.has(error.name) || error.$metadata.httpStatusCode === INSUFFICIENT_STORAGE)
      return storageFull({ cause: error, retryAfterSeconds: 60 });
  }
  return storageUnavailable({ cause: error, retryAfterSeconds: 5 });
}
