import { describe, expect, it } from 'vitest';
import { entityIdOf, MAX_NAME_LENGTH, normaliseName, relationIdOf, tailsOf } from './entity.js';

const OWNER = '019af3b2-1111-7d53-9d0a-3a2f5b8c9e01';

describe('a name in the form in which it is compared', () => {
  it.each([
    ['case', 'Ada LOVELACE', 'ada lovelace'],
    ['width', 'ＩＢＭ', 'ibm'],
    ['the kind and number of blanks', ' New\u00A0 York\n City ', 'new york city'],
    ['a line that ends within a Chinese name', '阿里\n巴巴 集团', '阿里巴巴集团'],
    ['characters that are not seen', 'Lock\u200Bkeep\u00ADer', 'lockkeeper'],
    ['quotes and signs around it', '《红楼梦》，', '红楼梦'],
    ['the stop of an abbreviation', 'GitHub Inc.', 'github inc'],
    ['the Greek sigma at the end', 'ΟΔΟΣ', 'οδοσ'],
  ])('does not show %s', (_what, written, normalised) => {
    expect(normaliseName(written)).toBe(normalised);
    expect(normaliseName(normalised)).toBe(normalised);
  });

  it('keeps legal forms, and signs that tell languages apart', () => {
    expect(normaliseName('华为技术有限公司')).toBe('华为技术有限公司');
    expect(normaliseName('Acme GmbH')).not.toBe(normaliseName('Acme'));
    expect(new Set(['C', 'C++', 'C#'].map(normaliseName)).size).toBe(3);
    expect(normaliseName('北京 2008')).toBe('北京 2008');
  });

  it.each(['', '  ', '…', '2018', '🎉', '\u200B', 'x'.repeat(MAX_NAME_LENGTH + 1), '字 '.repeat(101)])(
    'is none for %j',
    (written) => {
      expect(normaliseName(written)).toBeUndefined();
    },
  );

  it('is never longer than it may be, though a ligature becomes eighteen letters', () => {
    expect(normaliseName('\uFDFA'.repeat(7))).toBeUndefined();
    expect(normaliseName('\uFDFA')?.length).toBeGreaterThan(10);
  });
});

describe('the ids', () => {
  it('are the same for the same name for ever, and others for another type or owner', () => {
    const name = { type: 'person', normalised: 'ada lovelace' } as const;
    const id = entityIdOf(OWNER, name);
    expect(id).toBe('3fc2dafa-45b7-53f7-b4be-6dd57ad9724c');
    expect(entityIdOf(OWNER, { ...name, type: 'product' })).not.toBe(id);
    expect(entityIdOf(id, name)).not.toBe(id);
    expect(relationIdOf(OWNER, id, 'write', OWNER)).not.toBe(relationIdOf(OWNER, OWNER, 'write', id));
  });
});

describe('what a name is found by', () => {
  it('is each of its words, with what follows', () => {
    expect(tailsOf('bank of england')).toEqual(['bank of england', 'of england', 'england']);
  });

  it('is each of its Chinese characters, with what follows', () => {
    expect(tailsOf('上海ab大学𠮷')).toEqual([
      '上海ab大学𠮷',
      '海ab大学𠮷',
      'ab大学𠮷',
      '大学𠮷',
      '学𠮷',
      '𠮷',
    ]);
  });

  it('is bounded', () => {
    const tails = tailsOf('字'.repeat(120));
    expect(tails).toHaveLength(24);
    expect(tails.every((tail) => tail.length === 60)).toBe(true);
  });
});
