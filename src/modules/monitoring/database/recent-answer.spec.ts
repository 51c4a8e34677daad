import { describe, expect, it } from 'vitest';
import { RecentAnswer } from './recent-answer.js';

describe('RecentAnswer', () => {
  it('asks once for all who ask while the question is under way', async () => {
    const question = Promise.withResolvers<string>();
    let asked = 0;
    const answer = new RecentAnswer(0, () => (asked++, question.promise));
    const readers = [answer.read(), answer.read()];
    question.resolve('yes');
    expect(await Promise.all(readers)).toEqual(['yes', 'yes']);
    expect(asked).toBe(1);
  });

  it('keeps an answer for as long as it is valid, also that there is none', async () => {
    let asked = 0;
    const kept = new RecentAnswer(60_000, async () => {
      asked++;
      throw new Error('away');
    });
    await expect(kept.read()).rejects.toThrow('away');
    await expect(kept.read()).rejects.toThrow('away');
    expect(asked).toBe(1);
  });

  it('asks again when the answer is too old', async () => {
    let asked = 0;
    const answer = new RecentAnswer(-1, async () => ++asked);
    expect([await answer.read(), await answer.read()]).toEqual([1, 2]);
  });
});
