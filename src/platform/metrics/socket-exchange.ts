import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** Enough for tens of thousands of series. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
/** Of others who ask at the same time; there are as many as there are processes. */
const MAX_CONNECTIONS = 64;
const DEAD_CODES: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'ENOENT']);

/** Nobody listens on a socket: its process has ended. */
export class DeadSocketError extends Error {}

/** Listens on a Unix socket; whoever connects is given the answer. It keeps no process from ending. */
export async function serveAnswer(path: string, answer: () => Promise<string>): Promise<Server> {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => socket.destroy());
    answer().then(
      (text) => socket.end(text),
      () => socket.destroy(),
    );
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(path);
  await once(server, 'listening');
  return server.unref();
}

/**
 * What the process behind a socket answers. It waits for as long as that takes, until `signal` is aborted.
 * @throws DeadSocketError if nobody listens; another error if the answer is not whole, or too long.
 */
export function askSocket(path: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const socket = connect({ path, signal });
    socket.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > MAX_ANSWER_BYTES) socket.destroy(new Error('The answer is too long.'));
      else chunks.push(chunk);
    });
    socket.once('end', () => {
      socket.destroy();
      resolve(Buffer.concat(chunks, length).toString('utf8'));
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      reject(DEAD_CODES.has(error.code) ? new DeadSocketError(error.message) : error);
    });
    socket.once('close', () => reject(new Error('The answer was cut off.')));
  });
}

/** Whether a process listens on a socket; one that hangs does. */
export function isListenedTo(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(!DEAD_CODES.has(error.code)));
  });
}
