import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokensOf } from '../../../shared/tokens.js';
import { BlockList } from './block-list.js';
import { type Block, type BlockKind, plainTextOf } from './block.js';
import { type Chunk, chunkBlocks } from './chunk.js';

type Given = {
  kind: BlockKind;
  text: string;
  level?: number;
  header?: string;
  sheet?: string;
  slide?: number;
  row?: number;
};

function blocksOf(given: readonly Given[]): Block[] {
  const list = new BlockList({ characters: 1_000_000, blocks: 10_000 });
  for (const { sheet, slide, row, ...block } of given) {
    list.add(block, {
      ...(sheet !== undefined && { sheet }),
      ...(slide !== undefined && { slide }),
      ...(row !== undefined && { row }),
    });
  }
  return list.blocks;
}

const paragraph = (text: string): Given => ({ kind: 'paragraph', text });
const heading = (text: string, level = 1): Given => ({ kind: 'heading', text, level });
const textsOf = (chunks: readonly Chunk[]) => chunks.map(({ text }) => text);

/** Words, numbers, Chinese, emoji, marks, and what ends sentences. */
const anyText = fc
  .array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom(
          'word',
          'Dr. Who',
          'e.g. this',
          '知识库',
          '向量',
          '3.14',
          'x'.repeat(60),
          '👩‍👩‍👧',
          'é',
          '\n',
        ),
      },
      { weight: 3, arbitrary: fc.constantFrom('. ', '。', '！', '? ', '，', ', ', ' ', '…') },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
    ),
    { minLength: 1, maxLength: 60 },
  )
  .map((parts) => parts.join(''));

const anyTable = fc.array(fc.constantFrom('a | b', 'long cell | 值', '1 | 2'), {
  minLength: 1,
  maxLength: 30,
});

const anyBlock: fc.Arbitrary<Given> = fc.oneof(
  anyText.map(paragraph),
  anyText.map((text): Given => ({ kind: 'list_item', text })),
  anyText.map((text): Given => ({ kind: 'code', text })),
  fc.tuple(anyText, fc.integer({ min: 1, max: 6 })).map(([text, level]) => heading(text.slice(0, 40), level)),
  fc.tuple(anyTable, fc.boolean(), fc.constantFrom('A', 'B')).map(([rows, isFirst, sheet]): Given => {
    const header = 'name | size';
    return { kind: 'table', header, text: (isFirst ? [header, ...rows] : rows).join('\n'), sheet, row: 1 };
  }),
);

const anyDocument = fc.array(anyBlock, { minLength: 1, maxLength: 25 });
const anyMaximum = fc.integer({ min: 16, max: 120 });

describe('chunks', () => {
  it('stand at their places, with nothing left out between them', () => {
    fc.assert(
      fc.property(anyDocument, anyMaximum, fc.boolean(), (given, maxTokens, hasOverlap) => {
        const blocks = blocksOf(given);
        const text = plainTextOf(blocks);
        const chunks = chunkBlocks(blocks, { maxTokens, overlapTokens: hasOverlap ? maxTokens / 4 : 0 });
        const isCovered = new Uint8Array(text.length);
        for (const [index, chunk] of chunks.entries()) {
          const stretch = text.slice(chunk.place.start, chunk.place.end);
          expect(chunk.index).toBe(index);
          expect([stretch, `name | size\n${stretch}`]).toContain(chunk.text);
          expect(stretch).not.toBe('');
          isCovered.fill(1, chunk.place.start, chunk.place.end);
        }
        const left = text
          .split('')
          .filter((_, at) => isCovered[at] === 0)
          .join('');
        expect(left.trim()).toBe('');
        const starts = chunks.map(({ place }) => place.start);
        expect(starts).toEqual(starts.toSorted((a, b) => a - b));
        expect(new Set(starts).size).toBe(starts.length);
      }),
      { numRuns: 150 },
    );
  });

  it('have at most the tokens that are allowed, and say how many', () => {
    fc.assert(
      fc.property(anyDocument, anyMaximum, (given, maxTokens) => {
        for (const chunk of chunkBlocks(blocksOf(given), { maxTokens })) {
          expect(chunk.tokens).toBe(tokensOf(chunk.text));
          expect(chunk.tokens).toBeLessThanOrEqual(maxTokens);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('of a part of a document point into the whole of it', () => {
    const blocks = blocksOf(
      Array.from({ length: 20 }, (_, index) => paragraph(`Paragraph number ${index} has words.`)),
    );
    const text = plainTextOf(blocks);
    for (const { text: chunk, place } of chunkBlocks(blocks.slice(7), { maxTokens: 20 })) {
      expect(text.slice(place.start, place.end)).toBe(chunk);
    }
  });

  it('are none of no blocks', () => {
    expect(chunkBlocks([])).toEqual([]);
  });

  it.each([
    { maxTokens: 15 },
    { maxTokens: Number.NaN },
    { overlapTokens: -1 },
    { maxTokens: 100, overlapTokens: 51 },
  ])('are refused for %j', (options) => {
    expect(() => chunkBlocks(blocksOf([paragraph('a')]), options)).toThrow(RangeError);
  });
});

describe('sentences', () => {
  const options = { maxTokens: 24, overlapTokens: 0 };

  it.each([20, 24, 28, 32, 36, 40])(
    'stay whole in chunks of %d tokens, in English and in Chinese',
    (maxTokens) => {
      const english = Array.from(
        { length: 12 },
        (_, index) => `Number ${index} was by Dr. Smith, e.g. here.`,
      );
      const chinese = Array.from({ length: 12 }, (_, index) => `第${index}句话说：“我们走吧。”`);
      const textsIn = (text: string) =>
        textsOf(chunkBlocks(blocksOf([paragraph(text)]), { maxTokens, overlapTokens: 0 }));
      for (const text of textsIn(english.join(' '))) {
        expect(text).toMatch(/^(?:Number \d+ was by Dr\. Smith, e\.g\. here\. ?)+$/);
      }
      for (const text of textsIn(chinese.join(''))) expect(text).toMatch(/^(?:第\d+句话说：“我们走吧。”)+$/);
    },
  );

  it('go on over the ends of lines', () => {
    const text = 'This sentence goes\non in the next line of it. Another\none comes behind it, also broken.';
    expect(textsOf(chunkBlocks(blocksOf([paragraph(text)]), { maxTokens: 16, overlapTokens: 0 }))).toEqual([
      'This sentence goes\non in the next line of it.',
      'Another\none comes behind it, also broken.',
    ]);
  });

  it('are divided if they alone are too long: at commas, else between words', () => {
    const clauses = Array.from({ length: 12 }, () => 'one two three four').join(', ');
    for (const text of textsOf(chunkBlocks(blocksOf([paragraph(clauses)]), options))) {
      expect(text).toMatch(/^one two three four(?:, one two three four)*,?$/);
    }
    const words = Array.from({ length: 60 }, () => 'word').join(' ');
    for (const text of textsOf(chunkBlocks(blocksOf([paragraph(words)]), options)))
      expect(text).toMatch(/^word(?: word)*$/);
  });

  it('at the end of a chunk are repeated in the next one', () => {
    const sentences = Array.from({ length: 30 }, (_, index) => `This is sentence number ${index}.`);
    const chunks = chunkBlocks(blocksOf([paragraph(sentences.join(' '))]), {
      maxTokens: 40,
      overlapTokens: 10,
    });
    expect(chunks.length).toBeGreaterThan(3);
    for (const [index, chunk] of chunks.slice(1).entries()) {
      const before = chunks[index];
      const repeated = chunk.text.slice(0, (before?.place.end ?? 0) - chunk.place.start);
      expect(repeated).toMatch(/^This is sentence number \d+\.$/);
      expect(before?.text.endsWith(repeated)).toBe(true);
    }
  });
});

describe('structure', () => {
  const long = (word: string) =>
    Array.from({ length: 12 }, (_, index) => `The ${word} sentence ${index}.`).join(' ');

  it('begins a chunk with each section that is long enough, and names the headings above', () => {
    const blocks = blocksOf([
      heading('Book'),
      heading('One', 2),
      paragraph(long('first')),
      heading('Two', 2),
      paragraph(long('second')),
    ]);
    const chunks = chunkBlocks(blocks, { maxTokens: 120 });
    expect(chunks.map(({ text, headings }) => [text.slice(0, 12), headings])).toEqual([
      ['Book\n\nOne\n\nT', ['Book', 'One']],
      ['Two\n\nThe sec', ['Book', 'Two']],
    ]);
  });

  it('puts small sections together', () => {
    const blocks = blocksOf(
      ['a', 'b', 'c'].flatMap((name) => [heading(name), paragraph(`Text of ${name}.`)]),
    );
    expect(chunkBlocks(blocks, { maxTokens: 200 })).toHaveLength(1);
  });

  it('leaves no heading at the end of a chunk', () => {
    const sections = Array.from({ length: 12 }, (_, index) => [
      heading(`Heading ${index}`, 2),
      paragraph(long(`n${index}`)),
    ]);
    for (const { text } of chunkBlocks(blocksOf(sections.flat()), { maxTokens: 64 })) {
      expect(text).not.toMatch(/Heading \d+$/);
    }
    // The chunk has room for the heading, but not for the sentence below it.
    const sentence = `${'word '.repeat(55)}end.`;
    const chunks = chunkBlocks(blocksOf([paragraph('Short.'), heading('Next'), paragraph(sentence)]), {
      maxTokens: 60,
    });
    expect(textsOf(chunks)).toEqual(['Short.', `Next\n\n${sentence}`]);
  });

  it('puts no two sheets into one chunk', () => {
    const chunks = chunkBlocks(
      blocksOf([
        { kind: 'table', text: 'a | b', sheet: 'One', row: 1 },
        { kind: 'table', text: 'c | d', sheet: 'Two', row: 1 },
      ]),
    );
    expect(chunks.map(({ text, place }) => [place.sheet, text])).toEqual([
      ['One', 'a | b'],
      ['Two', 'c | d'],
    ]);
  });

  it('repeats the headings of a table above its later rows, and knows which rows they are', () => {
    const rows = Array.from({ length: 40 }, (_, index) => `item ${index + 4} | ${index}`);
    const chunks = chunkBlocks(
      blocksOf([{ kind: 'table', header: 'name | size', text: ['name | size', ...rows].join('\n'), row: 3 }]),
      { maxTokens: 50 },
    );
    expect(chunks.length).toBeGreaterThan(4);
    for (const { text } of chunks) expect(text).toMatch(/^name \| size\n(?:item \d+ \| \d+\n?)+$/);
    for (const { text, place } of chunks.slice(1)) expect(text).toContain(`\nitem ${place.row} |`);
    expect(chunks[0]?.place.row).toBe(3);
  });

  it('divides code between its lines', () => {
    const code = Array.from({ length: 40 }, (_, index) => `  call(${index}, "a. b. c.");`).join('\n');
    for (const text of textsOf(chunkBlocks(blocksOf([{ kind: 'code', text: code }]), { maxTokens: 50 }))) {
      expect(text).toMatch(/;$/);
      expect(text).toMatch(/^\s*call/);
    }
  });
});
