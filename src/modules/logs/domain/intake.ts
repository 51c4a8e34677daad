import type { LogLine } from './log-line.js';

/** What a success answer means: appended to Redis, or committed in MySQL. */
export type Acknowledgement = 'queued' | 'stored';

/** Where a line came in. */
export type IntakeSource = 'seed' | 'otlp' | 'loki' | 'ndjson';

/** The lines of one request, in their order; all are taken in or none. */
export interface IntakeRequest {
  readonly lines: readonly LogLine[];
  readonly ack: Acknowledgement;
  readonly source: IntakeSource;
  /** A second request with the same key within ten minutes is answered with the first one's receipt. */
  readonly dedupKey?: string;
}

/** By this id the fate of what was taken in can be asked. */
export interface IntakeReceipt {
  readonly receiptId: string;
  readonly receivedAt: Date;
  /** As far as it is known when the answer is given: not `queued` only after `ack: 'stored'`. */
  readonly fate: IntakeFate;
}

/** What became of an accepted request. `quarantined`: at least one of its lines could not be stored. */
export type IntakeFate = 'queued' | 'stored' | 'quarantined';
