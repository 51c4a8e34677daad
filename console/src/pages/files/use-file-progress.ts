import { useEffect, useState } from 'react';
import { send } from '../../api/client.ts';
import { readEvents } from '../../api/event-stream.ts';
import { ProblemError } from '../../api/problem.ts';
import { useReread } from '../../api/use-action.ts';
import { type FileProgress, FILES_PATH, filePath, isSettled } from './file-api.ts';

const RETRY_MS = 2000;

/**
 * Follows how far a file is, as long as `isFollowed` and until it is done; then what is known of files is read again.
 * A stream that breaks is opened again. Undefined until something was told.
 */
export function useFileProgress(id: string, isFollowed: boolean): FileProgress | undefined {
  const [progress, setProgress] = useState<FileProgress>();
  const reread = useReread();
  useEffect(() => {
    if (!isFollowed) return undefined;
    const abort = new AbortController();
    follow(id, abort.signal, setProgress)
      .then(() => reread([FILES_PATH]))
      // From now on what was read says it; what is followed next begins anew.
      .then(() => setProgress(undefined))
      .catch(() => undefined);
    return () => abort.abort();
  }, [id, isFollowed, reread]);
  return isFollowed ? progress : undefined;
}

/** Ends when the file is done or gone. @throws if it is aborted */
async function follow(
  id: string,
  signal: AbortSignal,
  onProgress: (progress: FileProgress) => void,
): Promise<void> {
  for (;;) {
    try {
      const response = await send('GET', `${filePath(id)}/progress/stream`, undefined, { signal });
      for await (const { name, data } of readEvents(response)) {
        if (name === 'gone') return;
        const progress = JSON.parse(data) as FileProgress;
        onProgress(progress);
        if (isSettled(progress.status)) return;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ProblemError && !error.isRetryable) return;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    signal.throwIfAborted();
  }
}
