import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip, inflate, inflateRaw } from 'node:zlib';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  AppError,
  bodyTooLarge,
  malformedRequest,
  serviceUnavailable,
  unsupportedMediaType,
} from '../errors/index.js';
import { UnreadForm } from './form-body.js';
import { routeOptionsOf } from './route-options.js';

const gunzipBytes = promisify(gunzip);
const inflateBytes = promisify(inflate);
const inflateRawBytes = promisify(inflateRaw);

const EMPTY = Buffer.alloc(0);
const DEFLATE_METHOD = 8;

/** So many bulk bodies of the largest size may be in memory at once. */
const MAX_LARGEST_BODIES = 8;

/** How much memory all bulk bodies of this process take together. */
class BulkMemory {
  private usedBytes = 0;

  constructor(readonly limitBytes: number) {}

  /** @throws service_unavailable if there is no room now. */
  reserve(bytes: number): void {
    if (this.usedBytes + bytes > this.limitBytes * MAX_LARGEST_BODIES) {
      throw serviceUnavailable({ detail: 'Too many large bodies come in at once.', retryAfterSeconds: 1 });
    }
    this.usedBytes += bytes;
  }

  release(bytes: number): void {
    this.usedBytes -= bytes;
  }
}

/** The body of a request that has not been read yet. Its fields are private, so that nothing looks into it. */
export class UnreadBody {
  readonly #request: FastifyRequest;
  readonly #payload: Readable;
  readonly #memory: BulkMemory;
  #reservedBytes = 0;
  #isReleased = false;

  constructor(request: FastifyRequest, payload: Readable, memory: BulkMemory) {
    this.#request = request;
    this.#payload = payload;
    this.#memory = memory;
  }

  /** How large the body may be, as sent and after inflation. */
  get limitBytes(): number {
    return this.#memory.limitBytes;
  }

  /** The media type without parameters, in lower case; empty if none was sent. */
  get mediaType(): string {
    const header = this.#request.headers['content-type'] ?? '';
    const end = header.indexOf(';');
    return (end < 0 ? header : header.slice(0, end)).trim().toLowerCase();
  }

  /**
   * Reads the body, once, and undoes its `Content-Encoding` (gzip, deflate). What is in `keptEncodings` is left as
   * it is.
   * @throws body_too_large past the limit, which holds before and after inflation; malformed_request if it is cut
   *   off or is not what its encoding says; unsupported_media_type for another encoding; service_unavailable if too
   *   many are being read.
   */
  async read(keptEncodings: readonly string[] = []): Promise<Buffer> {
    const inflater = this.inflater(keptEncodings);
    const { limitBytes } = this.#memory;
    const announcedBytes = contentLength(this.#request);
    if (announcedBytes <= limitBytes) this.reserve(announcedBytes);
    const bytes = await readWithin(this.#payload, limitBytes, announcedBytes);
    this.reserve(bytes.length - announcedBytes);
    if (!inflater) return bytes;
    const inflated = await inflateWithin(inflater, bytes, limitBytes);
    this.reserve(inflated.length);
    return inflated;
  }

  /** The request has been answered, or its client has gone: its memory is free again. */
  release(): void {
    this.#isReleased = true;
    this.#memory.release(this.#reservedBytes);
    this.#reservedBytes = 0;
  }

  private reserve(bytes: number): void {
    // Of a client that has gone nobody would free it; what is left is being thrown away.
    if (this.#isReleased) return;
    this.#memory.reserve(bytes);
    this.#reservedBytes += bytes;
  }

  private inflater(keptEncodings: readonly string[]): Inflater | undefined {
    const encoding = this.#request.headers['content-encoding']?.trim().toLowerCase() ?? '';
    if (encoding === '' || encoding === 'identity' || keptEncodings.includes(encoding)) return undefined;
    if (encoding === 'gzip' || encoding === 'x-gzip') return gunzipBytes;
    if (encoding === 'deflate') return inflateEither;
    throw unsupportedMediaType({ detail: 'Content-Encoding may be gzip, deflate or identity.' });
  }
}

/** Injects the body of a route with `hasBulkBody`. */
export const BulkBody = createParamDecorator((_data: unknown, context: ExecutionContext): UnreadBody => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  if (!routeOptionsOf(request).hasBulkBody) throw new Error('BulkBody was used on a route without one.');
  if (request.body instanceof UnreadBody) return request.body;
  // Without a length and a type there is no body, and no parser was asked.
  throw malformedRequest({ detail: 'The request has no body.' });
});

/**
 * Makes Fastify read JSON as it does by itself, save on routes with a bulk body, which get it unread, whatever its
 * content type, and on those with a form. `@fastify/multipart` must be registered.
 */
export function installBodyParsers(fastify: FastifyInstance, bulkLimitBytes: number): void {
  const memory = new BulkMemory(bulkLimitBytes);
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeContentTypeParser(['application/json', 'text/plain']);
  fastify.addContentTypeParser('application/json', async (request: FastifyRequest, payload: Readable) => {
    if (routeOptionsOf(request).hasBulkBody) return new UnreadBody(request, payload, memory);
    // Where there is no route, anybody may ask: nothing is read.
    if (request.is404) return undefined;
    const bytes = await readWithin(payload, request.routeOptions.bodyLimit, contentLength(request));
    return new Promise((resolve, reject) => {
      void parseJson(request, bytes.toString('utf8'), (error, body: unknown) =>
        error ? reject(error) : resolve(body),
      );
    });
  });
  fastify.addContentTypeParser('*', async (request: FastifyRequest, payload: Readable) => {
    if (routeOptionsOf(request).hasBulkBody) return new UnreadBody(request, payload, memory);
    // Where there is no route, that is what the caller is to hear.
    if (request.is404) return undefined;
    throw unsupportedMediaType({ detail: sentInstead(request) });
  });
  // Not `onResponse`: that hook is not run for a client that has gone.
  fastify.addHook('preValidation', (request, reply, done) => {
    if (request.isMultipart() && !request.is404) {
      const { hasForm, hasBulkBody } = routeOptionsOf(request);
      if (hasForm) request.body = new UnreadForm(request, reply);
      else if (hasBulkBody) request.body = new UnreadBody(request, request.raw, memory);
      else return done(unsupportedMediaType({ detail: sentInstead(request) }));
    }
    const { body } = request;
    if (body instanceof UnreadBody) {
      reply.raw.once('close', () => body.release());
    }
    done();
  });
}

function sentInstead(request: FastifyRequest): string {
  return routeOptionsOf(request).hasForm ? 'Send multipart/form-data.' : 'Send application/json.';
}

function contentLength(request: FastifyRequest): number {
  return Number(request.headers['content-length'] ?? 0);
}

function readWithin(payload: Readable, limitBytes: number, announcedBytes: number): Promise<Buffer> {
  if (announcedBytes > limitBytes) return Promise.reject(tooLarge(limitBytes));
  // The client went while it was asked who it is: nothing will come of the body any more.
  if (payload.destroyed) return Promise.reject(malformedRequest({ detail: 'The body was cut off.' }));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    payload.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limitBytes) return void chunks.push(chunk);
      payload.removeAllListeners('data');
      // What still comes is thrown away, so that the client gets to read the answer.
      payload.resume();
      reject(tooLarge(limitBytes));
    });
    payload.once('end', () => {
      // Every body is closed in the end; for those that came whole no error is to be made.
      payload.removeListener('close', cutOff);
      resolve(chunks.length === 1 ? (chunks[0] ?? EMPTY) : Buffer.concat(chunks, length));
    });
    payload.once('error', (cause) => reject(malformedRequest({ detail: 'The body was cut off.', cause })));
    const cutOff = () => reject(malformedRequest({ detail: 'The body was cut off.' }));
    payload.once('close', cutOff);
  });
}

type Inflater = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

/** What HTTP calls deflate has a header; what some clients send under that name has none. */
const inflateEither: Inflater = (bytes, options) => {
  const [first = 0, second = 0] = bytes;
  const hasHeader = (first & 0x0f) === DEFLATE_METHOD && (first * 256 + second) % 31 === 0;
  return hasHeader ? inflateBytes(bytes, options) : inflateRawBytes(bytes, options);
};

async function inflateWithin(inflater: Inflater, bytes: Buffer, limitBytes: number): Promise<Buffer> {
  try {
    return await inflater(bytes, { maxOutputLength: limitBytes });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limitBytes, cause);
    throw malformedRequest({
      detail: 'The body is not what its Content-Encoding says, or is cut off.',
      cause,
    });
  }
}

function tooLarge(limitBytes: number, cause?: unknown): AppError {
  return bodyTooLarge({
    detail: `The body is larger than the ${limitBytes} bytes that this route takes.`,
    cause,
  });
}
