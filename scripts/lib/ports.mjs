import { connect, createServer } from 'node:net';

/**
 * @param {number} port 0 asks the system for any free port
 * @param {string} [host]
 * @returns {Promise<number | null>} the port, or null when somebody holds it
 */
export function probePort(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : null));
    });
  });
}

/**
 * A loopback port nobody holds now: the preferred one, or any other.
 * @param {number} [preferred]
 * @returns {Promise<number>}
 */
export async function freePort(preferred) {
  const port = (preferred && (await probePort(preferred))) || (await probePort(0));
  if (port === null) throw new Error('no free loopback port');
  return port;
}

/**
 * Opens a connection, sends a greeting if one is given, and returns the first bytes of the answer.
 * @param {{ host: string, port: number, send?: string, timeoutMs?: number }} options
 * @returns {Promise<Buffer | null>} null when nobody answers in time
 */
export function firstAnswer({ host, port, send, timeoutMs = 1_000 }) {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (/** @type {Buffer | null} */ answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => finish(null));
    socket.on('error', () => finish(null));
    socket.on('close', () => finish(null));
    socket.once('data', finish);
    if (send) socket.on('connect', () => socket.write(send));
  });
}
