import { describe, expect, it } from 'vitest';
import { bigramsOf, splitWords } from './words.js';

const words = (text: string) => splitWords(text).words.map((word) => `${word.kind} ${word.text}`);

describe('splitting text', () => {
  it.each([
    ['Hello, World! AI is_it', ['word hello', 'word world', 'word ai', 'word is', 'word it']],
    ['我们使用GPT4模型。好', ['run 我们使用', 'word gpt4', 'run 模型', 'run 好']],
    ['ＡＩ ﬁne Ⅷ', ['word ai', 'word fine', 'word viii']],
    ['ﾊﾞｽ カメラー', ['run バス', 'run カメラー']],
    ['cafe\u0301 CAFÉ', ['word café', 'word café']],
    ['한국어', ['run 한국어']],
    ['\u1112\u1161\u11ab', ['run 한']],
    ['ΟΔΟΣ οδος', ['word οδοσ', 'word οδοσ']],
    ['İstanbul', ['word i̇stanbul']],
    ['𠮷野家', ['run 𠮷野家']],
    ['❤️ 🏖️', []],
    ['ภาษาไทย', ['run ภาษาไทย']],
    ['🎉 % \' " \\ --', []],
    ['', []],
  ])('%s', (text, expected) => {
    expect(words(text)).toEqual(expected);
  });

  it.each(['The Cat', 'ﬁne ＣＡＴ ﾊﾞｽ', 'é cafe\u0301s 🎉 ｶﾞ', 'İ İx', 'ΟΔΟΣ ①'])(
    'knows where each word of %j was written',
    (text) => {
      const split = splitWords(text);
      expect(split.words.length).toBeGreaterThan(0);
      for (const word of split.words) {
        const { start, end } = split.originOf(word.start, word.end);
        const written = text.slice(start, end);
        expect(splitWords(written).words.map((inner) => inner.text)).toEqual([word.text]);
      }
    },
  );

  it('survives half of a surrogate pair', () => {
    expect(words('a\ud83d b')).toEqual(['word a', 'word b']);
  });

  it('pairs characters as people count them', () => {
    expect(bigramsOf('𠮷野家')).toEqual(['𠮷野', '野家']);
    expect(bigramsOf('家')).toEqual([]);
  });
});
