import { describe, expect, it } from 'vitest';
import { splitWords } from '../words.js';
import { findHits, findLikenesses, parseQuery } from './search-query.js';
import { termsOf } from './terms.js';

function isFound(query: string, text: string): boolean {
  const parsed = parseQuery(query);
  const isHit = findHits(parsed, splitWords(text)) !== undefined;
  // What the text has, the index must lead to.
  const terms = new Set(termsOf(text));
  if (isHit) expect(parsed.terms.every((term) => terms.has(term))).toBe(true);
  return isHit;
}

describe('a query', () => {
  it.each([
    ['ai', 'What is AI?'],
    ['hello world', 'World: hello!'],
    ['"hello world"', 'say hello, world'],
    ['机器学习', '我喜欢机器学习。'],
    ['学', '机器学习'],
    ['GPT4模型', '这个模型叫GPT4'],
    ['"GPT4 模型"', '用GPT4模型写'],
    ['"使用 GPT 模型"', '我们使用 GPT 模型好吗'],
    ['“hello world”', 'hello world'],
    ['ＡＩ', 'ai'],
    ['カメラ', 'ｶﾒﾗを買う'],
    ['"hello', 'hello'],
    ['𠮷野', '𠮷野家'],
  ])('%s finds %j', (query, text) => {
    expect(isFound(query, text)).toBe(true);
  });

  it.each([
    ['ai', 'maintain'],
    ['hello world', 'hello'],
    ['"hello world"', 'world hello'],
    ['"hello world"', 'hello new world'],
    ['机器学习', '机器 学习'],
    ['机器学习', '学习机器'],
    ['机习', '机器学习'],
    ['"使用 GPT 模型"', '使用的 GPT 模型'],
    ['"使用 GPT 模型"', '使用 GPT 大模型'],
    ['模型 GPT', '模型 GPT4'],
  ])('%s does not find %j', (query, text) => {
    expect(isFound(query, text)).toBe(false);
  });

  it.each(['', '🎉', '%', '""', '\'"; --', '*'])('%j asks for nothing', (query) => {
    expect(parseQuery(query)).toEqual({ phrases: [], terms: [] });
  });

  it('marks what a text has of it, all or some', () => {
    const text = '重设密码 or reset it';
    const spans = findLikenesses(parseQuery('怎样重置密码 reset'), splitWords(text));
    expect(spans.map(({ start, end }) => text.slice(start, end))).toEqual(['密码', 'reset']);
  });
});
