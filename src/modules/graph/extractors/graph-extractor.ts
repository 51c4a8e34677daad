import type { Extraction } from '../domain/extraction.js';

/** A part of a file's text, as it was cut for the search. */
export interface SourceChunk {
  readonly chunkId: string;
  readonly text: string;
  readonly language: 'zh' | 'en' | null;
}

/** What came of a chunk. Of one that was not read it is said why. */
export type ChunkOutcome =
  | { readonly state: 'read'; readonly extraction: Extraction }
  | { readonly state: 'refused' | 'malformed' | 'over_budget' };

/** What a batch came to. */
export interface BatchOutcome {
  /** For each chunk, in their order. */
  readonly outcomes: readonly ChunkOutcome[];
  /** The tokens that a model was sent and has answered; 0 without one. */
  readonly tokensSpent: number;
}

/** The one that is configured. */
export const GRAPH_EXTRACTOR = Symbol('graph extractor');

/** Finds entities and relations in texts. */
export interface GraphExtractor {
  /** Names what reads and its version. What another one has read is read again. */
  readonly name: string;
  /** How many chunks it takes at once. */
  readonly chunksABatch: number;
  /**
   * Reads chunks.
   * @param tokensSpent what a model has taken for the file; chunks that would take it past its bound are `over_budget`.
   * @throws a provider error that may pass; after `signal` is aborted, its reason.
   */
  extract(chunks: readonly SourceChunk[], tokensSpent: number, signal: AbortSignal): Promise<BatchOutcome>;
}
