import { networkProblem, ProblemError, readProblem } from './problem.ts';

/** How long the console waits for an answer that is no stream. */
const TIMEOUT_MS = 20_000;

type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface CallOptions {
  /** Added to the address; null, undefined and '' are left out. */
  query?: Query;
  signal?: AbortSignal | undefined;
  /** Sent as `Idempotency-Key`: the same key acts once. */
  idempotencyKey?: string;
  /** Further headers of the request. */
  headers?: Readonly<Record<string, string>>;
}

/** The token that a change needs beside the cookie; bound to the session, so it is kept in memory only. */
let csrfToken: string | null = null;
const sessionEndListeners = new Set<() => void>();

/** Told by the session's owner when someone signs in or out. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** Calls `listener` when the API no longer knows the session. @returns what ends that */
export function onSessionEnd(listener: () => void): () => void {
  sessionEndListeners.add(listener);
  return () => sessionEndListeners.delete(listener);
}

/** The headers of a change that is not sent by `send`: of an upload whose progress is watched. */
export function changeHeaders(): Record<string, string> {
  return csrfToken === null ? {} : { 'x-csrf-token': csrfToken };
}

/** Tells who listens that the API no longer knows the session, if an answer says so. */
export function noteStatus(status: number): void {
  if (status === 401) for (const listener of sessionEndListeners) listener();
}

/** Calls to our own API. Each throws a `ProblemError` that can be shown as it is. */
export const api = {
  get: <T>(path: string, options?: CallOptions) => call<T>('GET', path, undefined, options),
  post: <T>(path: string, body?: unknown, options?: CallOptions) => call<T>('POST', path, body, options),
  put: <T>(path: string, body?: unknown, options?: CallOptions) => call<T>('PUT', path, body, options),
  patch: <T>(path: string, body?: unknown, options?: CallOptions) => call<T>('PATCH', path, body, options),
  delete: <T>(path: string, body?: unknown, options?: CallOptions) => call<T>('DELETE', path, body, options),
};

/**
 * Sends a request with the cookie and, if it changes something, the CSRF token, and answers the response as it comes:
 * for streams and downloads. It has no time limit of its own.
 * @throws ProblemError if the answer is no success, or none came
 */
export async function send(
  method: string,
  path: string,
  body?: unknown,
  { query, signal, idempotencyKey, headers: furtherHeaders }: CallOptions = {},
): Promise<Response> {
  const headers = new Headers({
    accept: 'application/json, text/event-stream;q=0.9, */*;q=0.1',
    ...furtherHeaders,
  });
  if (body !== undefined) headers.set('content-type', 'application/json');
  if (method !== 'GET' && csrfToken !== null) headers.set('x-csrf-token', csrfToken);
  if (idempotencyKey !== undefined) headers.set('idempotency-key', idempotencyKey);
  const response = await fetch(path + queryString(query), {
    method,
    headers,
    credentials: 'same-origin',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw networkProblem(error);
  });
  if (response.ok) return response;
  noteStatus(response.status);
  throw await readProblem(response);
}

async function call<T>(method: string, path: string, body: unknown, options: CallOptions = {}): Promise<T> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  try {
    const response = await send(method, path, body, { ...options, signal });
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  } catch (error) {
    if (error instanceof ProblemError || options.signal?.aborted) throw error;
    throw networkProblem(timeout.aborted ? new Error(`No answer within ${TIMEOUT_MS / 1000} s.`) : error);
  }
}

/** `?a=1&b=2`, or '' if there is nothing to say. */
function queryString(query: Query | undefined): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== '') params.set(name, String(value));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}
