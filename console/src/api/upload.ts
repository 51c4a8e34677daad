import { changeHeaders, noteStatus } from './client.ts';
import { networkProblem, readProblem } from './problem.ts';

interface UploadOptions {
  /** Is told how much of the form has been sent, from 0 to 1. */
  onProgress: (share: number) => void;
  signal: AbortSignal;
}

/** What an upload was answered. */
export interface UploadAnswer<T> {
  readonly status: number;
  readonly body: T;
}

/**
 * Sends a form with the cookie and the CSRF token. `fetch` does not tell how much of a body has been sent; this does.
 * @throws ProblemError if the answer is no success, or none came; the signal's reason once it is aborted
 */
export function upload<T>(
  path: string,
  form: FormData,
  { onProgress, signal }: UploadOptions,
): Promise<UploadAnswer<T>> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open('POST', path);
    request.setRequestHeader('accept', 'application/json');
    for (const [name, value] of Object.entries(changeHeaders())) request.setRequestHeader(name, value);
    request.upload.addEventListener('progress', ({ loaded, total, lengthComputable }) => {
      if (lengthComputable && total > 0) onProgress(loaded / total);
    });
    request.addEventListener('load', () => {
      const { status } = request;
      if (status >= 200 && status < 300) {
        resolve({ status, body: JSON.parse(request.responseText) as T });
        return;
      }
      noteStatus(status);
      readProblem(responseOf(request)).then(reject, reject);
    });
    request.addEventListener('error', () => reject(networkProblem(new Error('The upload broke off.'))));
    request.addEventListener('abort', () => reject(signal.reason as Error));
    request.addEventListener('loadend', () => signal.removeEventListener('abort', abort));
    signal.addEventListener('abort', abort);
    if (signal.aborted) reject(signal.reason as Error);
    else request.send(form);
  });
}

function responseOf(request: XMLHttpRequest): Response {
  const headers = new Headers();
  for (const name of ['content-type', 'retry-after', 'x-request-id']) {
    const value = request.getResponseHeader(name);
    if (value !== null) headers.set(name, value);
  }
  return new Response(request.responseText, { status: request.status, headers });
}
