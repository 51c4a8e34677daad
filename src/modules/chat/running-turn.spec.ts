import { array, assert, asyncProperty, constant, nat, oneof, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnswerPiece, Turn } from '../conversation/index.js';
import { ANSWER_START, positionAfter, RunningTurn } from './running-turn.js';

const pieces = array(
  oneof(
    string({ minLength: 1, maxLength: 8, unit: 'grapheme' }).map((text): AnswerPiece => ({
      type: 'text',
      text,
    })),
    constant<AnswerPiece>({ type: 'tool_calls', deltas: [{ index: 0 }] }),
  ),
  { maxLength: 12 },
);

const textOf = (all: readonly AnswerPiece[]) =>
  all.map((piece) => (piece.type === 'text' ? piece.text : '')).join('');
const callsOf = (all: readonly AnswerPiece[]) => all.filter((piece) => piece.type === 'tool_calls').length;

async function read(turn: RunningTurn, from = ANSWER_START): Promise<AnswerPiece[]> {
  const all: AnswerPiece[] = [];
  for await (const piece of turn.read(new AbortController().signal, from)) all.push(piece);
  return all;
}

function ended(all: readonly AnswerPiece[]): RunningTurn {
  const turn = new RunningTurn({ id: 'turn', started_at: new Date(0).toISOString() } as Turn);
  for (const piece of all) turn.add(piece);
  turn.end({
    status: 'complete',
    text: textOf(all),
    toolCalls: undefined,
    finishReason: 'stop',
    usage: { promptTokens: 0, completionTokens: 0, source: 'none' },
    error: undefined,
  });
  return turn;
}

describe('a reader of an answer', () => {
  it('that goes on where it broke off has every character once, however the answer is cut into pieces', async () => {
    await assert(
      asyncProperty(pieces, nat(), async (all, cut) => {
        const first = all.slice(0, cut % (all.length + 1));
        const position = first.reduce(positionAfter, ANSWER_START);
        // Another process may have the same answer in other pieces.
        const merged = all.reduce<AnswerPiece[]>((list, piece) => {
          const last = list.at(-1);
          if (piece.type === 'text' && last?.type === 'text') {
            return [...list.slice(0, -1), { type: 'text', text: last.text + piece.text }];
          }
          return [...list, piece];
        }, []);
        const rest = await read(ended(merged), position);
        expect(textOf(first) + textOf(rest)).toBe(textOf(all));
        expect(callsOf(first) + callsOf(rest)).toBe(callsOf(all));
      }),
    );
  });

  it('reads everything from the start, and nothing after the end', async () => {
    const all: AnswerPiece[] = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ];
    expect(await read(ended(all))).toEqual(all);
    expect(await read(ended(all), { textUnits: 2, toolPieces: 0 })).toEqual([]);
    expect(await read(ended(all), { textUnits: 99, toolPieces: 9 })).toEqual([]);
  });
});
