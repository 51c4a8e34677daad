import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';

interface CutOffUpload {
  key: string;
  parts: Map<number, Buffer>;
}

type Refusal = { status: number; code: string };

const NO_KEY: Refusal = { status: 404, code: 'NoSuchKey' };
const NO_UPLOAD: Refusal = { status: 404, code: 'NoSuchUpload' };

/** A service in this process that speaks as much of S3's protocol as the product does. */
export class S3Service {
  readonly objects = new Map<string, Buffer>();
  /** Uploads in parts that were neither completed nor aborted. */
  readonly uploads = new Map<string, CutOffUpload>();
  /** What every request that writes is refused with. */
  refusal: Refusal | undefined;
  /** Whether what is put is kept, and nobody is told. */
  isSilent = false;
  /** Awaited in the middle of each object that is read. */
  midRead: ((key: string) => Promise<void>) | undefined;
  private readonly server: Server;

  private constructor(readonly bucket: string) {
    this.server = createServer((request, response) => {
      this.answer(request, response).catch((error: unknown) => {
        refuse(response, { status: 500, code: String(error) });
      });
    });
  }

  static async start(): Promise<S3Service> {
    const service = new S3Service(`bucket-${randomUUID()}`);
    await new Promise<void>((resolve) => service.server.listen(0, '127.0.0.1', resolve));
    return service;
  }

  /** What the product is configured with to use it. */
  get settings(): Record<string, string> {
    return {
      LOCKKEEPER_STORAGE: 's3',
      LOCKKEEPER_STORAGE_S3_ENDPOINT: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`,
      LOCKKEEPER_STORAGE_S3_BUCKET: this.bucket,
      LOCKKEEPER_STORAGE_S3_ACCESS_KEY_ID: 'test',
      LOCKKEEPER_STORAGE_S3_SECRET_ACCESS_KEY: 'of a test',
      LOCKKEEPER_STORAGE_TIMEOUT_MS: '5000',
    };
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://s3');
    const [, bucket = '', key = ''] = url.pathname.split('/');
    const body = await bytesOf(request);
    if (bucket !== this.bucket) return refuse(response, { status: 404, code: 'NoSuchBucket' });
    if (!request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 '))
      return refuse(response, { status: 403, code: 'AccessDenied' });
    const method = request.method ?? '';
    if (this.refusal && (method === 'PUT' || method === 'POST')) return refuse(response, this.refusal);
    if (method === 'GET' && url.searchParams.has('uploads')) return this.listUploads(url, response);
    if (method === 'GET' || method === 'HEAD') return this.read(key, request, response);
    const uploadId = url.searchParams.get('uploadId');
    if (method === 'DELETE') return this.remove(key, uploadId, response);
    if (method === 'POST' && uploadId === null) return this.begin(key, response);
    if (method === 'POST') return this.complete(uploadId ?? '', response);
    if (uploadId === null) this.objects.set(key, body);
    else {
      const upload = this.uploads.get(uploadId);
      if (!upload) return refuse(response, NO_UPLOAD);
      upload.parts.set(Number(url.searchParams.get('partNumber')), body);
    }
    if (!this.isSilent) response.writeHead(200, { etag: `"${randomUUID()}"` }).end();
  }

  private begin(key: string, response: ServerResponse): void {
    const id = randomUUID();
    this.uploads.set(id, { key, parts: new Map() });
    xml(
      response,
      `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
    );
  }

  private complete(id: string, response: ServerResponse): void {
    const upload = this.uploads.get(id);
    if (!upload) return refuse(response, NO_UPLOAD);
    const parts = [...upload.parts].sort(([left], [right]) => left - right).map(([, bytes]) => bytes);
    this.objects.set(upload.key, Buffer.concat(parts));
    this.uploads.delete(id);
    xml(response, '<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>');
  }

  private remove(key: string, uploadId: string | null, response: ServerResponse): void {
    if (uploadId === null) this.objects.delete(key);
    else if (!this.uploads.delete(uploadId)) return refuse(response, NO_UPLOAD);
    response.writeHead(204).end();
  }

  private listUploads(url: URL, response: ServerResponse): void {
    const prefix = url.searchParams.get('prefix') ?? '';
    const found = [...this.uploads].filter(([, { key }]) => key.startsWith(prefix));
    const items = found.map(
      ([id, { key }]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`,
    );
    xml(response, `<ListMultipartUploadsResult>${items.join('')}</ListMultipartUploadsResult>`);
  }

  private async read(key: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = this.objects.get(key);
    if (!bytes) return refuse(response, NO_KEY);
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const part = range ? bytes.subarray(Number(range[1]), Number(range[2]) + 1) : bytes;
    response.writeHead(range ? 206 : 200, { 'content-length': part.length });
    if (request.method === 'HEAD') return void response.end();
    const middle = Math.floor(part.length / 2);
    const isCut = this.midRead !== undefined;
    if (isCut) response.write(part.subarray(0, middle));
    await this.midRead?.(key);
    response.end(part.subarray(isCut ? middle : 0));
  }
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

function xml(response: ServerResponse, body: string): void {
  response
    .writeHead(200, { 'content-type': 'application/xml' })
    .end(`<?xml version="1.0" encoding="UTF-8"?>${body}`);
}

function refuse(response: ServerResponse, { status, code }: Refusal): void {
  if (response.headersSent) return void response.destroy();
  response
    .writeHead(status, { 'content-type': 'application/xml' })
    .end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
}
