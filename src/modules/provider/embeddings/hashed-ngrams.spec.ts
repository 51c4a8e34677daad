import { describe, expect, it } from 'vitest';
import { DIMENSIONS, embedHashedNgrams } from './hashed-ngrams.js';

function likeness(one: string, other: string): number {
  const a = embedHashedNgrams(one);
  const b = embedHashedNgrams(other);
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}

describe('the built-in embedder', () => {
  it.each(['How do I reset my password?', '怎样重置密码', 'AI', '用GPT写代码 🎉'])(
    'finds %s wholly like itself',
    (text) => {
      expect(likeness(text, text)).toBeCloseTo(1, 5);
      expect(embedHashedNgrams(text)).toHaveLength(DIMENSIONS);
    },
  );

  it('does not see how a text is written', () => {
    expect(likeness('RESET the password!', 'reset, the ｐａｓｓｗｏｒｄ')).toBeCloseTo(1, 5);
  });

  it.each([
    ['怎样重置我的登录密码', '我忘了登录密码，想重置密码', '今天上海的天气很好，适合散步'],
    ['如何申请退款', '我要退款，怎么申请？', '帮我写一首关于春天的诗'],
    ['resetting passwords', 'how to reset a password', 'the weather in Shanghai is fine today'],
    ['train a language model', 'training large language models', 'recipe for apple pie'],
  ])('finds %s closer to what shares its wording than to something else', (text, near, far) => {
    expect(likeness(text, near)).toBeGreaterThan(likeness(text, far) + 0.15);
  });

  it('knows the order of words', () => {
    const text = 'dog bites man';
    expect(likeness(text, 'dog bites man today')).toBeGreaterThan(likeness(text, 'man bites dog today'));
  });

  it('gives the same vector for ever', () => {
    const vector = embedHashedNgrams('Lockkeeper 锁');
    const places = [...vector.entries()].filter(([, value]) => value !== 0).map(([place]) => place);
    expect(places).toMatchInlineSnapshot(`
      [
        21,
        72,
        79,
        104,
        118,
        120,
        132,
        166,
        175,
        229,
        232,
        249,
      ]
    `);
  });

  it('has no direction for a text without a word', () => {
    expect(embedHashedNgrams('🎉 …').every((value) => value === 0)).toBe(true);
  });
});
