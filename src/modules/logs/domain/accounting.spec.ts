import { describe, expect, it } from 'vitest';
import { settle } from './accounting.js';

const sums = {
  acceptedLines: 100,
  storedLines: 80,
  quarantinedLines: 5,
  discardedLines: 5,
  pendingLines: 10,
};

describe('the books', () => {
  it.each([
    ['all is accounted for', {}, 0, true],
    ['lines are committed and still in the queue', { storedLines: 90 }, -10, true],
    ['a line is missing', { storedLines: 79 }, 1, false],
    ['more were stored than can be on their way', { storedLines: 91 }, -11, false],
    ['one was stored twice, and nothing waits', { storedLines: 91, pendingLines: 0 }, -1, false],
  ])('if %s', (_what, change, differenceLines, isClosed) => {
    expect(settle({ ...sums, ...change })).toMatchObject({ differenceLines, isClosed });
  });
});
