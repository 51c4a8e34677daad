import { describe, expect, it } from 'vitest';
import { splitWords } from '../words.js';
import { findHits, parseQuery } from './search-query.js';
import { snippetOf } from './snippet.js';

function snippet(text: string, query: string): string | undefined {
  const hits = findHits(parseQuery(query), splitWords(text));
  return hits && snippetOf(text, hits);
}

describe('a snippet', () => {
  it.each([
    ['The AI said: hello', 'ai', 'The <mark>AI</mark> said: hello'],
    ['我们学习机器学习。', '学习', '我们<mark>学习</mark>机器<mark>学习</mark>。'],
    ['ＡＩ and AI', 'ai', '<mark>ＡＩ</mark> and <mark>AI</mark>'],
    ['a cafe\u0301, ﬁne', 'café FINE', 'a <mark>cafe\u0301</mark>, <mark>ﬁne</mark>'],
    ['<b>bold</b> & "x\'s"', 'bold', '&lt;b&gt;<mark>bold</mark>&lt;/b&gt; &amp; &quot;x&#39;s&quot;'],
    ['one\n\n two', '"one two"', '<mark>one two</mark>'],
    ['哈哈哈', '哈哈', '<mark>哈哈哈</mark>'],
  ])('of %j for %s', (text, query, expected) => {
    expect(snippet(text, query)).toBe(expected);
  });

  it('lies around the first hit and tells where it was cut', () => {
    const html = snippet(`${'before '.repeat(100)}needle ${'after '.repeat(100)}`, 'needle');
    expect(html).toMatch(/^….*<mark>needle<\/mark>.*…$/);
    const plain = html!.replace(/<\/?mark>|…/g, '');
    expect(plain.length).toBe(160);
    expect(plain.indexOf('needle')).toBe(50);
  });

  it('is as long at the end of a text', () => {
    const html = snippet(`${'before '.repeat(100)}needle`, 'needle')!;
    expect(html).toMatch(/^….*<mark>needle<\/mark>$/);
    expect(html.replace(/<\/?mark>|…/g, '').length).toBe(160);
  });

  it('marks as much as it shows of a hit that is longer than itself', () => {
    const html = snippet(`x ${'长'.repeat(300)}`, '长'.repeat(200));
    expect(html).toBe(`x <mark>${'长'.repeat(158)}</mark>…`);
  });

  it.each(Array.from({ length: 8 }, (_, shift) => shift))('is never cut inside a character (%i)', (shift) => {
    const emoji = '😀'.repeat(200);
    const html = snippet(`${emoji}${'.'.repeat(shift)}needle${emoji}`, 'needle');
    expect(html).toContain('<mark>needle</mark>');
    expect(html!.isWellFormed()).toBe(true);
  });

  it('is the beginning of a text without hits', () => {
    expect(snippetOf('a < b', [])).toBe('a &lt; b');
    expect(snippetOf('x'.repeat(200), [])).toBe(`${'x'.repeat(160)}…`);
  });
});
