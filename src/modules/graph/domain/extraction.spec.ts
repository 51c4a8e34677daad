import { describe, expect, it } from 'vitest';
import type { EntityType } from './entity.js';
import { MAX_MENTIONS, MAX_RELATIONS, type NamedSpan, toExtraction } from './extraction.js';

/** The span of a name in a text. */
function span(text: string, name: string, type: EntityType = 'concept', from = 0): NamedSpan {
  const start = text.indexOf(name, from);
  return { type, start, end: start + name.length };
}

describe('what is kept of a reading', () => {
  it('is in the order of the text, names that overlap an earlier one left out with their relations', () => {
    const text = 'Ada met the Bank of England';
    const spans = [
      span(text, 'England', 'place'),
      span(text, 'Bank of England', 'organisation'),
      span(text, 'Ada'),
    ];
    const relations = [
      { from: 2, to: 0, label: 'meet' },
      { from: 2, to: 1, label: ' Meet\n' },
    ];
    const { mentions, relations: kept } = toExtraction(text, { spans, relations });
    expect(mentions.map(({ surface, start, end }) => [surface, start, end])).toEqual([
      ['Ada', 0, 3],
      ['Bank of England', 12, 27],
    ]);
    expect(kept).toEqual([
      {
        from: { type: 'concept', normalised: 'ada' },
        to: { type: 'organisation', normalised: 'bank of england' },
        label: 'meet',
      },
    ]);
  });

  it('has one type for one name', () => {
    const text = 'Apple, APPLE, apple';
    const spans = [span(text, 'Apple'), span(text, 'APPLE', 'organisation'), span(text, 'apple', 'product')];
    const { mentions } = toExtraction(text, { spans, relations: [] });
    expect(mentions.map(({ entity }) => entity.type)).toEqual([
      'organisation',
      'organisation',
      'organisation',
    ]);
  });

  it('has a relation without a verb once, whichever name came first', () => {
    const text = 'Bob Ada Bob';
    const spans = [span(text, 'Bob'), span(text, 'Ada'), span(text, 'Bob', 'concept', 5)];
    const relations = [
      { from: 0, to: 1, label: undefined },
      { from: 1, to: 2, label: undefined },
      { from: 0, to: 2, label: 'be' },
      { from: 0, to: 7, label: 'be' },
    ];
    const { relations: kept } = toExtraction(text, { spans, relations });
    expect(kept.map(({ from, to, label }) => [from.normalised, label, to.normalised])).toEqual([
      ['ada', '', 'bob'],
    ]);
  });

  it('is bounded', () => {
    const names = Array.from({ length: 300 }, (_, n) => `N${n}`);
    const text = names.join(' ');
    const spans = names.map((name) => span(text, name));
    const relations = names.flatMap((_, n) => [
      { from: n, to: n + 1, label: 'a' },
      { from: n, to: n + 1, label: 'b'.repeat(500) },
    ]);
    const extraction = toExtraction(text, { spans, relations });
    expect(extraction.mentions).toHaveLength(MAX_MENTIONS);
    expect(extraction.relations).toHaveLength(MAX_RELATIONS);
    expect(extraction.relations[1]?.label).toBe('b'.repeat(64));
  });
});
