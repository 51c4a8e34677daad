/** The sums from which it is seen whether the books close. */
export interface AccountingSums {
  /** As Redis counted them, in one step with taking each in. */
  readonly acceptedLines: number;
  /** Waiting in the queue, or committed and not yet taken out of it. */
  readonly pendingLines: number;
  /** As the transactions that stored or refused them counted them. */
  readonly storedLines: number;
  readonly quarantinedLines: number;
  readonly discardedLines: number;
}

export interface Accounting extends AccountingSums {
  /** Accepted, less all that is accounted for. Lines that are committed and still in the queue count twice. */
  readonly differenceLines: number;
  /**
   * False if lines are missing or were stored twice. While lines pass, those on their way out of the queue are
   * granted; when it is empty, nothing is.
   */
  readonly isClosed: boolean;
}

/** Settles the books: accepted = stored + quarantined + discarded + pending. */
export function settle(sums: AccountingSums): Accounting {
  const committed = sums.storedLines + sums.quarantinedLines + sums.discardedLines;
  const differenceLines = sums.acceptedLines - committed - sums.pendingLines;
  const isClosed = differenceLines <= 0 && differenceLines >= -sums.pendingLines;
  return { ...sums, differenceLines, isClosed };
}
