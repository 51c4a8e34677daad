import { describe, expect, it } from 'vitest';
import { costOf, type Model } from './model.js';

const model: Model = {
  id: 'm',
  provider: 'upstream',
  upstreamId: 'm',
  inputPrice: 150_000n,
  outputPrice: 600_000n,
  maxOutputTokens: 100,
  contextTokens: 1000,
  outputLimitField: 'max_tokens',
};

describe('the cost of a call', () => {
  it('is input and output tokens at their prices per million', () => {
    expect(costOf(model, { promptTokens: 1_000_000, completionTokens: 2_000_000 })).toBe(1_350_000n);
  });

  it('rounds up once, so that one token is not free', () => {
    expect(costOf(model, { promptTokens: 1, completionTokens: 0 })).toBe(1n);
    expect(costOf(model, { promptTokens: 1, completionTokens: 1 })).toBe(1n);
  });

  it('is nothing for no tokens', () => {
    expect(costOf(model, { promptTokens: 0, completionTokens: 0 })).toBe(0n);
  });

  it('stays exact beyond what a double can hold', () => {
    const dear = { ...model, inputPrice: 9_007_199_254_740_993n, outputPrice: 0n };
    expect(costOf(dear, { promptTokens: 3_000_000, completionTokens: 0 })).toBe(27_021_597_764_222_979n);
  });
});
