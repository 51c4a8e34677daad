import { useSyncExternalStore } from 'react';
import { useFormats } from '../i18n/language.tsx';

const TICK_MS = 1000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = Date.now();

/** How long ago (or in how long) something is, kept up to date; the exact time on hovering. */
export function TimeAgo({ at }: { at: string | number | null | undefined }) {
  const formats = useFormats();
  const now = useNow();
  if (at === null || at === undefined) return <span>—</span>;
  return (
    <time dateTime={new Date(at).toISOString()} title={formats.dateTime(at)}>
      {formats.relative(at, now)}
    </time>
  );
}

/** The time in milliseconds, renewed each second by one timer for all that ask. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  now = Date.now();
  for (const listener of listeners) listener();
}
