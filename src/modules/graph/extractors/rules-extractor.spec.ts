import { describe, expect, it } from 'vitest';
import type { Extraction } from '../domain/extraction.js';
import { RulesExtractor } from './rules-extractor.js';

/** The rules cost nothing. */
const noBudget = {
  left: 0,
  beginCall: () => Promise.reject(new Error('They have spent something.')),
};
const never = () => new AbortController().signal;

async function read(text: string): Promise<Extraction> {
  const extractor = new RulesExtractor();
  const outcomes = await extractor.extract([{ chunkId: 'c', text, language: null }], noBudget, never());
  const [outcome] = outcomes;
  if (outcome?.state !== 'read') throw new Error('It was not read.');
  return outcome.extraction;
}

/** `type name`, in the order of the text. */
async function namesIn(text: string): Promise<string[]> {
  const { mentions } = await read(text);
  for (const { surface, start, end } of mentions) expect(text.slice(start, end)).toBe(surface);
  return mentions.map(({ entity }) => `${entity.type} ${entity.normalised}`);
}

/** `from -label-> to`. */
async function relationsIn(text: string): Promise<string[]> {
  const { relations } = await read(text);
  return relations.map(({ from, label, to }) => `${from.normalised} -${label}-> ${to.normalised}`);
}

describe('the names that the built-in rules find', () => {
  it.each([
    [
      'Ada Lovelace worked with Charles Babbage on the Analytical Engine in London.',
      ['person ada lovelace', 'person charles babbage', 'concept analytical engine', 'place london'],
    ],
    [
      'Dr. Jane Smith joined the Bank of England and the University of Paris.',
      ['person jane smith', 'organisation bank of england', 'organisation university of paris'],
    ],
    [
      "GitHub Inc. belongs to Microsoft's board; JPMorgan Chase & Co., it's odd, does not.",
      ['organisation github inc', 'organisation microsoft', 'organisation jpmorgan chase & co'],
    ],
    [
      'GPT-4 and the iPhone 15 use TensorFlow. NASA ended World War II.',
      ['product gpt-4', 'product iphone 15', 'product tensorflow', 'organisation nasa', 'event world war ii'],
    ],
    ['We met Docker on Monday, in March. Docker was late.', ['concept docker', 'concept docker']],
    [
      '马云于1999年在杭州创立了阿里巴巴集团，蔡崇信加入了公司。',
      ['person 马云', 'place 杭州', 'organisation 阿里巴巴集团', 'person 蔡崇信'],
    ],
    ['清华大学位于北京市海淀区。', ['organisation 清华大学', 'place 北京市', 'place 海淀区']],
    ['华为技术有限公司发布了Mate 60手机。', ['organisation 华为技术有限公司', 'product mate 60']],
    ['曹雪芹写了《红楼梦》。', ['person 曹雪芹', 'product 红楼梦']],
    ['弗拉基米尔·普京访问北京奥运会。', ['person 弗拉基米尔·普京', 'event 北京奥运会']],
  ])('in %s', async (text, names) => {
    expect(await namesIn(text)).toEqual(names);
  });

  it('are none in headings of capitals, small words, numbers and signs', async () => {
    expect(await namesIn('Getting Started With The Second Chapter')).toEqual([]);
    expect(await namesIn('It is what they said it would be in 2018, more or less.')).toEqual([]);
    expect(
      await namesIn(
        '# What is promised?\n* Results are.\n## States\n| Routes | none | Units |\nHow do they "v1",account_id,B2? Ten.',
      ),
    ).toEqual([]);
    expect(await namesIn('他们说公司的会议很重要。')).toEqual([]);
    expect(await namesIn('constructor __proto__ 1234 … 🎉 \u0000 \uD800')).toEqual([]);
  });

  it('stand where they stand, in paragraphs of two languages', async () => {
    const text = 'Ada Lovelace lived in London.\n\n  马云在杭州。\n\nMarie Curie did not.';
    expect(await namesIn(text)).toEqual([
      'person ada lovelace',
      'place london',
      'person 马云',
      'place 杭州',
      'person marie curie',
    ]);
  });
});

describe('the relations that the built-in rules find', () => {
  it.each([
    ['Satya Nadella leads Microsoft.', ['satya nadella -lead-> microsoft']],
    ['GitHub Inc. was acquired by Microsoft in 2018.', ['microsoft -acquire-> github inc']],
    ['Node.js is written in C++ by Ryan Dahl.', ['ryan dahl -write-> node.js']],
    ['The European Union and NASA agreed.', ['european union --> nasa']],
    [
      'Marie Curie was born in Warsaw and studied at the University of Paris.',
      ['marie curie -born in-> warsaw', 'marie curie -study at-> university of paris'],
    ],
    ['腾讯公司收购了Supercell。', ['腾讯公司 -收购-> supercell']],
    ['Supercell被腾讯公司收购。', ['腾讯公司 -收购-> supercell']],
    ['北京奥运会由中国举办。', ['中国 -举办-> 北京奥运会']],
    ['马云在杭州创立了阿里巴巴集团，蔡崇信加入。', ['马云 --> 杭州', '马云 -创立-> 阿里巴巴集团']],
  ])('in %s', async (text, relations) => {
    expect((await relationsIn(text)).sort()).toEqual(relations);
  });

  it('are none between sentences', async () => {
    expect(await relationsIn('Ada Lovelace wrote. Marie Curie read.')).toEqual([]);
    expect(await relationsIn('马云写。蔡崇信读。')).toEqual([]);
  });
});

describe('a text of any form', () => {
  it.each([
    ['a word without an end', 'Aa'.repeat(30_000)],
    ['names without an end', 'Ada Lovelace and '.repeat(3_000)],
    ['Chinese without a stop', '马云在杭州'.repeat(6_000)],
    ['blanks', ' \n'.repeat(30_000)],
    ['signs', '《》(['.repeat(8_000)],
  ])('is read in bounded time: %s', async (_what, text) => {
    const { mentions } = await read(text);
    expect(mentions.every(({ end }) => end <= 20_000)).toBe(true);
  });

  it('is left off when it is told to', async () => {
    const stopped = AbortSignal.abort(new Error('enough'));
    const chunks = [{ chunkId: 'c', text: 'Ada', language: null }];
    await expect(new RulesExtractor().extract(chunks, noBudget, stopped)).rejects.toThrow('enough');
  });

  it('gives the same each time', async () => {
    const text = 'Ada Lovelace worked with Charles Babbage in London. 马云在杭州创立了阿里巴巴集团。';
    expect(await read(text)).toEqual(await read(text));
  });
});
