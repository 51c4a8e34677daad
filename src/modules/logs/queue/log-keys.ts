/** The stream of the entries, and its one group of readers: names that operators of the first system know. */
export const STREAM = 'logs:stream';
export const GROUP = 'log_workers';

/** What belongs to the stream, in its slot of a Redis Cluster. */
export const stateKey = '{logs:stream}:state';
export const queuedKey = '{logs:stream}:queued';

export function dedupKeyOf(dedupKey: string): string {
  return `{logs:stream}:dedup:${dedupKey}`;
}
