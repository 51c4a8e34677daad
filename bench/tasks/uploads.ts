import { randomBytes } from 'node:crypto';

/** Of this type, by what is in it, no file is taken. */
const TYPE_REFUSED = 415;

/**
 * Uploads a file, a piece at a time as the connection takes it.
 * @returns false if files of its type are not taken @throws if it is not taken for another reason
 */
export async function uploadStream(
  url: string,
  apiKey: string,
  name: string,
  pieces: Iterable<Uint8Array>,
  collectionId?: string,
): Promise<boolean> {
  const boundary = `benchmark-${randomBytes(12).toString('hex')}`;
  const response = await fetch(`${url}/api/files`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${apiKey}`,
      'content-type': `multipart/form-data; boundary=${boundary}`,
    },
    body: ReadableStream.from(formOf(boundary, name, pieces, collectionId)),
    duplex: 'half',
  });
  const text = await response.text();
  if (response.status === TYPE_REFUSED) return false;
  if (!response.ok) throw new Error(`${name} was answered with ${response.status}: ${text}`);
  return true;
}

function* formOf(
  boundary: string,
  name: string,
  pieces: Iterable<Uint8Array>,
  collectionId: string | undefined,
): Generator<Uint8Array> {
  if (collectionId !== undefined) {
    yield Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="collection_id"\r\n\r\n${collectionId}\r\n`,
    );
  }
  yield Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name.replaceAll(/["\\\r\n]/g, '_')}"\r\n` +
      'Content-Type: application/octet-stream\r\n\r\n',
  );
  yield* pieces;
  yield Buffer.from(`\r\n--${boundary}--\r\n`);
}
