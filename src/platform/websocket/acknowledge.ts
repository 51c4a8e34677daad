import { socketErrorBody, type SocketErrorBody, toSocketError } from './socket-errors.js';

/** What the acknowledgement of an event says. */
export type Acknowledgement<T extends object> =
  | ({ readonly ok: true } & T)
  | { readonly ok: false; readonly error: SocketErrorBody };

/** Does what an event asks for, and says how it went: a handler of events never throws. */
export async function acknowledge<T extends object>(work: () => Promise<T>): Promise<Acknowledgement<T>> {
  try {
    return { ok: true, ...(await work()) };
  } catch (thrown) {
    return { ok: false, error: socketErrorBody(toSocketError(thrown)) };
  }
}
