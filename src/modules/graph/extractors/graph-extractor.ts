import type { MicroCoins } from '../../../shared/money.js';
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

/** What a model may take until a file is read. */
export interface TokenBudget {
  readonly left: number;
  /**
   * To be called before each call of a model: freezes the most that it can cost, of the coins of the file's owner.
   * @throws insufficient_coins, and what else the ledger refuses
   */
  beginCall(mostCost: MicroCoins): Promise<ModelCall>;
}

/** A call of a model that is under way. */
export interface ModelCall {
  /** Notes what the call has taken, durably, and charges for it; nothing if it never began. */
  end(tokens: number, cost: MicroCoins): Promise<void>;
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
   * @param budget for a model; chunks for which it does not suffice are `over_budget`.
   * @returns what came of each, in their order.
   * @throws insufficient_coins; a provider error that may pass, or that an operator has to mend; after `signal` is aborted, its reason.
   */
  extract(
    chunks: readonly SourceChunk[],
    budget: TokenBudget,
    signal: AbortSignal,
  ): Promise<readonly ChunkOutcome[]>;
}
