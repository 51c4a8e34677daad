import { Inject, Injectable } from '@nestjs/common';
import { CACHE_REDIS, CacheBreaker, type RedisClient, RedisScript } from '../../../platform/redis/index.js';
import type { FileStep } from '../domain/file.js';
import {
  type FileProgressDocument,
  type StepProgress,
  type UploadProgressDocument,
} from './progress-document.js';

const UPLOAD_TTL_SECONDS = 3_600;
const PROCESSING_TTL_SECONDS = 7_200;

/**
 * Puts one step, and the message if there is one, into the document that is there, or else into the one given. Answers
 * 0 if there is neither. ARGV: step, its status and progress, message, the status of the file, TTL, document.
 */
const MERGE = new RedisScript(`
local text = redis.call('GET', KEYS[1]) or ARGV[7]
if text == '' then return 0 end
local document = cjson.decode(text)
document[ARGV[1]] = {status = ARGV[2], progress = tonumber(ARGV[3])}
local sum = document.chunking.progress + document.vectorization.progress
  + document.storage.progress + document.kg_extraction.progress
document.progress = math.floor(sum / 4)
document.status = ARGV[5]
if ARGV[4] ~= '' then document.message = ARGV[4] end
redis.call('SET', KEYS[1], cjson.encode(document), 'EX', tonumber(ARGV[6]))
return 1
`);

/** How far files are, to the percent, in the cache. It may be away or have forgotten: rows tell as much as must last. */
@Injectable()
export class ProgressStore {
  constructor(
    @Inject(CACHE_REDIS) private readonly redis: RedisClient,
    private readonly breaker: CacheBreaker,
  ) {}

  /** Notes how far an upload is. */
  async noteUpload(document: UploadProgressDocument): Promise<void> {
    await this.breaker.attempt(() =>
      this.redis.set(uploadKey(document.file_id), JSON.stringify(document), 'EX', UPLOAD_TTL_SECONDS),
    );
  }

  async findUpload(fileId: string): Promise<UploadProgressDocument | undefined> {
    return this.find<UploadProgressDocument>(uploadKey(fileId));
  }

  /** Begins a document anew. */
  async begin(document: FileProgressDocument): Promise<void> {
    await this.breaker.attempt(() =>
      this.redis.set(processingKey(document.file_id), JSON.stringify(document), 'EX', PROCESSING_TTL_SECONDS),
    );
  }

  /**
   * Puts how far a step is into the document of a file.
   * @returns false if there is no document, and none was given.
   */
  async merge(
    fileId: string,
    step: FileStep,
    { status, progress }: StepProgress,
    file: { status: string; message: string | undefined; document: FileProgressDocument | undefined },
  ): Promise<boolean> {
    const args = [
      step,
      status,
      progress,
      file.message ?? '',
      file.status,
      PROCESSING_TTL_SECONDS,
      file.document ? JSON.stringify(file.document) : '',
    ];
    // Without a cache there is nothing to merge into.
    return (await this.breaker.attempt(() => MERGE.run(this.redis, [processingKey(fileId)], args))) !== 0;
  }

  async findProcessing(fileId: string): Promise<FileProgressDocument | undefined> {
    return this.find<FileProgressDocument>(processingKey(fileId));
  }

  async forget(fileId: string): Promise<void> {
    await this.breaker.attempt(() => this.redis.del(uploadKey(fileId), processingKey(fileId)));
  }

  private async find<T>(key: string): Promise<T | undefined> {
    const text = await this.breaker.attempt(() => this.redis.get(key));
    return text === undefined || text === null ? undefined : (JSON.parse(text) as T);
  }
}

function uploadKey(fileId: string): string {
  return `upload:progress:${fileId}`;
}

function processingKey(fileId: string): string {
  return `processing:status:${fileId}`;
}
