import type { Socket } from 'socket.io';
import { rateLimited } from '../errors/index.js';
import { socketErrorBody } from './socket-errors.js';

const WINDOW_MS = 10_000;
const EVENTS_A_WINDOW = 200;

/** Bounds how many events one connection sends. One too many is refused in its acknowledgement, and not looked at. */
export function limitEvents(socket: Socket): void {
  let windowEndsMs = 0;
  let events = 0;
  socket.use((packet: unknown[], next) => {
    const nowMs = performance.now();
    if (nowMs >= windowEndsMs) {
      windowEndsMs = nowMs + WINDOW_MS;
      events = 0;
    }
    if (++events <= EVENTS_A_WINDOW) return next();
    const refused = rateLimited({ retryAfterSeconds: Math.ceil((windowEndsMs - nowMs) / 1000) });
    const acknowledgement = packet.at(-1);
    if (typeof acknowledgement === 'function') {
      (acknowledgement as (answer: object) => void)({ ok: false, error: socketErrorBody(refused) });
    }
  });
}
