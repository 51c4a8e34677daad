import type { MicroCoins } from '../../../shared/money.js';
import type { TokenUsage } from './chat.js';

/** A model that callers may name, what it costs, and how much it can take. */
export interface Model {
  readonly id: string;
  /** Which provider answers for it. */
  readonly provider: 'local' | 'upstream';
  /** Its name there. */
  readonly upstreamId: string;
  /** Micro-coins for a million tokens. */
  readonly inputPrice: MicroCoins;
  readonly outputPrice: MicroCoins;
  readonly maxOutputTokens: number;
  readonly contextTokens: number;
  /** The request field by which the upstream is told the largest answer. */
  readonly outputLimitField: 'max_tokens' | 'max_completion_tokens';
}

const TOKENS_PER_PRICE = 1_000_000n;

/** What a call costs, in micro-coins, rounded up once at the end so that no use is free by rounding. */
export function costOf(model: Pick<Model, 'inputPrice' | 'outputPrice'>, usage: TokenUsage): MicroCoins {
  const exact =
    BigInt(usage.promptTokens) * model.inputPrice + BigInt(usage.completionTokens) * model.outputPrice;
  return (exact + TOKENS_PER_PRICE - 1n) / TOKENS_PER_PRICE;
}
