import type { MicroCoins } from '../../../shared/money.js';

/** What ended the provider's stream. */
export type Ending =
  | { readonly kind: 'finished' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly errorCode: string }
  | { readonly kind: 'interrupted'; readonly errorCode: string };

export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly source: 'provider' | 'tokenizer' | 'none';
}

/** What the turn's end means for its hold. */
export type CoinAction =
  | { readonly kind: 'settle'; readonly amount: MicroCoins }
  | { readonly kind: 'release' }
  | { readonly kind: 'penalize' };

export interface Outcome {
  readonly status: 'complete' | 'stopped' | 'failed' | 'interrupted' | 'violation';
  readonly coins: CoinAction;
  readonly usage: Usage;
  /** False: nothing of the answer is kept. */
  readonly keepsAnswer: boolean;
}

const NO_USAGE: Usage = { promptTokens: 0, completionTokens: 0, source: 'none' };

/**
 * How a turn ends, row by row as `docs/conversations.md` promises it. A turn that was stopped, failed or was interrupted
 * pays for its prompt and the tokens produced so far, and nothing if there are none.
 */
export function decideOutcome(facts: {
  ending: Ending;
  isAnswerEmpty: boolean;
  finishReason: string | undefined;
  usage: Usage;
  priceOf: (usage: Usage) => MicroCoins;
}): Outcome {
  const { ending, usage } = facts;
  if (ending.kind === 'finished' && facts.finishReason === 'content_filter') {
    return { status: 'violation', coins: { kind: 'penalize' }, usage, keepsAnswer: false };
  }
  if (ending.kind === 'finished') {
    return {
      status: 'complete',
      coins: { kind: 'settle', amount: facts.priceOf(usage) },
      usage,
      keepsAnswer: true,
    };
  }
  if (facts.isAnswerEmpty) {
    return { status: ending.kind, coins: { kind: 'release' }, usage: NO_USAGE, keepsAnswer: false };
  }
  return {
    status: ending.kind,
    coins: { kind: 'settle', amount: facts.priceOf(usage) },
    usage,
    keepsAnswer: true,
  };
}
