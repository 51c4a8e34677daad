import type { Server, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AppError, invalidRequest, malformedRequest, unsupportedMediaType } from '../errors/index.js';
import { goneSignal } from './event-stream.js';
import { routeOptionsOf } from './route-options.js';

/** A form of which nothing has come for this long is given up. */
const SILENCE_MS = 60_000;

/** What a form may have besides its one file. */
const LIMITS = {
  files: 1,
  fields: 10,
  parts: 11,
  fieldNameSize: 100,
  fieldSize: 1_000,
  headerPairs: 20,
  fileSize: Number.MAX_SAFE_INTEGER,
};

/** What the parser says of a form with more than that. */
const LIMIT_CODES = new Set(['FST_FILES_LIMIT', 'FST_FIELDS_LIMIT', 'FST_PARTS_LIMIT']);

/** A short text of a form. */
export interface FormField {
  readonly kind: 'field';
  readonly name: string;
  readonly value: string;
}

/** A file of a form: read it to its end, or destroy it, before the next part is asked for. */
export interface FormFile {
  readonly kind: 'file';
  readonly name: string;
  /** As the client wrote it, without folders; empty if it did not. */
  readonly fileName: string;
  readonly stream: Readable;
}

/** The sockets on which a form is coming in, which may take longer than other requests. */
const underWay = new WeakSet<Socket>();

/** A form (`multipart/form-data`) of which nothing has been read yet. */
export class UnreadForm {
  readonly #request: FastifyRequest;
  readonly #silence: NodeJS.Timeout;
  /** Aborted when the client has gone, or nothing of the form was read for a minute. */
  readonly signal: AbortSignal;

  constructor(request: FastifyRequest, reply: FastifyReply) {
    this.#request = request;
    const { socket } = request.raw;
    underWay.add(socket);
    const silent = new AbortController();
    this.#silence = setTimeout(
      () =>
        silent.abort(malformedRequest({ detail: `The form stood still for ${SILENCE_MS / 1000} seconds.` })),
      SILENCE_MS,
    );
    this.signal = AbortSignal.any([goneSignal(reply), silent.signal]);
    reply.raw.once('close', () => {
      underWay.delete(socket);
      clearTimeout(this.#silence);
      passOver(request);
    });
  }

  /** How long the whole form is, if the client says so. */
  get announcedBytes(): number | undefined {
    const header = this.#request.headers['content-length'];
    return header === undefined ? undefined : Number(header);
  }

  /**
   * The parts in the order in which they come. A file is as long as it is: whoever reads it says how much is too much.
   * @throws malformed_request if it is no form or is cut off, its files' streams too; invalid_request for a second file
   *   or too many fields.
   */
  async *parts(): AsyncGenerator<FormField | FormFile> {
    try {
      for await (const part of this.#request.parts({ limits: LIMITS })) {
        if (part.type === 'file') {
          const stream = Readable.from(this.pieces(part.file), { objectMode: false });
          yield { kind: 'file', name: part.fieldname, fileName: part.filename ?? '', stream };
        } else {
          yield { kind: 'field', name: part.fieldname, value: fieldText(part) };
        }
      }
    } catch (error) {
      throw inOurWords(error);
    }
  }

  private async *pieces(file: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    try {
      for await (const piece of file) {
        this.#silence.refresh();
        yield piece;
      }
    } catch (error) {
      throw inOurWords(error);
    }
  }
}

/** Injects the form of a route with `hasForm`. */
export const Form = createParamDecorator((_data: unknown, context: ExecutionContext): UnreadForm => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  if (!routeOptionsOf(request).hasForm) throw new Error('Form was used on a route without one.');
  if (request.body instanceof UnreadForm) return request.body;
  throw unsupportedMediaType({ detail: 'Send multipart/form-data.' });
});

/**
 * Lets forms come in for longer than the server gives a request: a large file on a slow line takes its time. They end by
 * their own limits.
 */
export function exemptForms(server: Server): void {
  const listeners = server.listeners('clientError');
  server.removeAllListeners('clientError');
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && underWay.has(socket)) return;
    for (const listener of listeners) listener.call(server, error, socket);
  });
}

/**
 * Lets the rest of a form go by that was answered before its end. Else the next request on the connection stands behind
 * what nobody reads; Node does so itself, but not if somebody has begun to read.
 */
function passOver({ raw }: FastifyRequest): void {
  if (raw.complete) return;
  raw.unpipe();
  raw.resume();
}

function fieldText(part: { value: unknown; fieldname: string; valueTruncated?: boolean }): string {
  if (typeof part.value === 'string' && part.valueTruncated !== true) return part.value;
  throw invalidRequest({ param: part.fieldname, detail: 'A field of the form must be a short text.' });
}

/** Errors of the parser as those of a request; it throws plain ones, too. */
function inOurWords(error: unknown): AppError {
  const { code, name, message } = error as { code?: unknown; name?: string; message?: string };
  if (name === 'AppError') return error as AppError;
  if (typeof code === 'string' && LIMIT_CODES.has(code))
    return invalidRequest({ detail: `Send one file and at most ${LIMITS.fields} fields.`, cause: error });
  return malformedRequest({ detail: `The form could not be read: ${message}`, cause: error });
}
