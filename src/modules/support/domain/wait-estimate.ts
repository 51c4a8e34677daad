/** How chats were handled lately, and by how many. */
export interface RecentHandling {
  /** The mean time from assignment to end of the latest chats; undefined if there were none. */
  readonly meanHandlingMs: number | undefined;
  /** How many chats the agents who can be reached may have at once, altogether. */
  readonly capacity: number;
}

/**
 * How long a chat at a place in the queue (1 is next) will wait: chats end evenly spread over the mean handling time,
 * `capacity` of them in each. Undefined if nobody is on duty or nothing is known yet.
 */
export function estimateWaitMs(position: number, recent: RecentHandling): number | undefined {
  if (recent.meanHandlingMs === undefined || recent.capacity === 0) return undefined;
  return Math.round((position * recent.meanHandlingMs) / recent.capacity);
}
