import { describe, expect, it } from 'vitest';
import { toExtraction } from './extraction.js';
import { type ChunkAnswer, locateAnswer, parseAnswer } from './model-answer.js';

type Entities = ChunkAnswer['entities'];

/** `surface@start`, of all that is found in a text. */
function found(text: string, ...names: string[]): string[] {
  const entities: Entities = names.map((name) => ({ name, type: 'person' }));
  const { mentions } = toExtraction(text, locateAnswer(text, { chunk: 1, entities, relations: [] }));
  return mentions.map(({ surface, start }) => `${surface}@${start}`);
}

describe('an answer of a model', () => {
  it('is read by the numbers of the chunks, with whatever stands around it', () => {
    const answer = { chunks: [{ chunk: 2, entities: [{ name: 'Ada', type: 'animal' }], relations: [] }] };
    const read = parseAnswer(`Here it is:\n\`\`\`json\n${JSON.stringify(answer)}\n\`\`\``);
    expect(read?.get(2)?.entities).toEqual([{ name: 'Ada', type: 'concept' }]);
  });

  it.each(['', '{', 'no', '[]', '{"chunks":1}', '{"chunks":[{"chunk":1}]}', '}{', 'null'])(
    'is none: %j',
    (text) => {
      expect(parseAnswer(text)).toBeUndefined();
    },
  );
});

describe('the names of an answer', () => {
  it('are found wherever they stand as words, however they are written', () => {
    const text = 'ADA  Lovelace, Adam and Ｃ++ met ada\nlovelace (ﬁnally). C++11 did not.';
    expect(found(text, 'Ada Lovelace', 'C++', 'finally')).toEqual([
      'ADA Lovelace@0',
      'Ｃ++@24',
      'ada lovelace@32',
      'ﬁnally@46',
    ]);
  });

  it('are found with the signs in them', () => {
    expect(found('GPT-4 of A/B (C) $D|E\\F', 'gpt-4', 'a/b (c) $d|e\\f')).toEqual([
      'GPT-4@0',
      'A/B (C) $D|E\\F@9',
    ]);
  });

  it('are found anywhere in Chinese, and over the end of a line', () => {
    expect(found('在阿里巴\n巴工作，阿里巴巴好', '阿里巴巴')).toEqual(['阿里巴 巴@1', '阿里巴巴@9']);
  });

  it('are not also parts of longer ones', () => {
    expect(found('Ada Lovelace and Ada', 'Ada', 'Ada Lovelace')).toEqual(['Ada Lovelace@0', 'Ada@17']);
  });

  it('are none if the text does not have them', () => {
    expect(found('Ada wrote.', 'Grace Hopper', '', '.*', '(')).toEqual([]);
  });

  it('bring their relations along, those of others none', () => {
    const text = 'Ada Lovelace knew Charles. Ada knew nobody.';
    const entities: Entities = ['Ada', 'Ada Lovelace', 'Charles', 'Grace'].map((name) => ({
      name,
      type: 'person',
    }));
    const relations = [
      { from: 'ADA LOVELACE', label: 'know', to: 'Charles' },
      { from: 'Ada', label: 'be', to: 'Ada Lovelace' },
      { from: 'Grace', label: 'know', to: 'Charles' },
      { from: 'Charles', label: 'know', to: 'someone' },
    ];
    const extraction = toExtraction(text, locateAnswer(text, { chunk: 1, entities, relations }));
    expect(
      extraction.relations.map(({ from, label, to }) => [from.normalised, label, to.normalised]),
    ).toEqual([
      ['ada lovelace', 'know', 'charles'],
      ['ada', 'be', 'ada lovelace'],
    ]);
  });
});
