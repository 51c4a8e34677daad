import { describe, expect, it } from 'vitest';
import { decideOutcome, type Usage } from './outcome.js';

const usage: Usage = { promptTokens: 10, completionTokens: 5, source: 'provider' };
const facts = {
  ending: { kind: 'finished' } as const,
  isAnswerEmpty: false,
  finishReason: 'stop',
  usage,
  priceOf: (counted: Usage) => BigInt(counted.promptTokens + 2 * counted.completionTokens),
};

describe('how a turn ends', () => {
  it('complete: the answer is kept and the actual cost settled', () => {
    expect(decideOutcome(facts)).toEqual({
      status: 'complete',
      coins: { kind: 'settle', amount: 20n },
      usage,
      keepsAnswer: true,
    });
  });

  it('failed before the first token: nothing is kept of the answer, nothing charged', () => {
    const ending = { kind: 'failed', errorCode: 'provider_failed' } as const;
    expect(decideOutcome({ ...facts, ending, isAnswerEmpty: true })).toEqual({
      status: 'failed',
      coins: { kind: 'release' },
      usage: { promptTokens: 0, completionTokens: 0, source: 'none' },
      keepsAnswer: false,
    });
  });

  it.each(['failed', 'interrupted'] as const)('%s after some tokens: kept and charged so far', (kind) => {
    const outcome = decideOutcome({ ...facts, ending: { kind, errorCode: 'x' }, finishReason: undefined });
    expect(outcome).toEqual({
      status: kind,
      coins: { kind: 'settle', amount: 20n },
      usage,
      keepsAnswer: true,
    });
  });

  it('violation: the answer is withheld, the hold refunded with a penalty', () => {
    expect(decideOutcome({ ...facts, finishReason: 'content_filter' })).toEqual({
      status: 'violation',
      coins: { kind: 'penalize' },
      usage,
      keepsAnswer: false,
    });
  });
});
