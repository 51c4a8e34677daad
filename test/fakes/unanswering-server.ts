import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

/** Listens, and then sleeps for ever: the kernel completes as many connections as its queue holds, and no more. */
const LISTEN_AND_SLEEP = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });`;
const OPENS_WITHIN_MS = 200;

/** A server like one behind a firewall that drops packets: connections to it do not open and are not refused. */
export async function createUnansweringServer(): Promise<{ url: string } & AsyncDisposable> {
  const worker = new Worker(LISTEN_AND_SLEEP, { eval: true });
  const [port] = (await once(worker, 'message')) as [number];
  const queued: Socket[] = [];
  for (let isFull = false; !isFull;) {
    const socket = connect(port, '127.0.0.1');
    queued.push(socket);
    const opened = once(socket, 'connect').then(() => true);
    isFull = !(await Promise.race([opened, delay(OPENS_WITHIN_MS, false)]));
  }
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of queued) socket.on('error', () => undefined).destroy();
      await worker.terminate();
    },
  };
}
