import { describe, expect, it } from 'vitest';
import type { Turn } from '../domain/turn.js';
import { KeptTurn, type TurnPlace } from './kept-turn.js';

/** Keeps pieces by their numbers, as Redis does; may lose its answer. */
class Place implements TurnPlace {
  readonly pieces: string[] = [];
  losesAnswers = false;

  note(_turn: Turn, from: number, pieces: readonly string[]) {
    this.pieces.splice(
      from,
      this.pieces.length,
      ...this.pieces.slice(from),
      ...pieces.slice(this.pieces.length - from),
    );
    return this.losesAnswers ? Promise.reject(new Error('no answer')) : Promise.resolve('running' as const);
  }

  finish() {
    return Promise.resolve('done' as const);
  }

  get text() {
    return this.pieces.map((piece) => (JSON.parse(piece) as { text?: string }).text ?? '#').join('|');
  }
}

const text = (content: string) => ({ type: 'text', text: content }) as const;
const calls = { type: 'tool_calls', deltas: [{ index: 0 }] } as const;

describe('the pieces of a running turn', () => {
  const begin = () => {
    const place = new Place();
    return { place, kept: new KeptTurn({} as Turn, place) };
  };

  it('are noted together when they are texts, in order with others', async () => {
    const { place, kept } = begin();
    for (const piece of [text('a'), text('b'), calls, text('c')]) kept.add(piece);
    await kept.note();
    kept.add(text('d'));
    expect(kept.hasNews).toBe(true);
    await kept.note();
    expect(place.text).toBe('ab|#|c|d');
    expect(kept.hasNews).toBe(false);
  });

  it('are noted once though it is not known whether they were', async () => {
    const { place, kept } = begin();
    kept.add(text('a'));
    place.losesAnswers = true;
    await expect(kept.note()).rejects.toThrow();
    kept.add(text('b'));
    await expect(kept.note()).rejects.toThrow();
    place.losesAnswers = false;
    kept.add(text('c'));
    await kept.note();
    expect(place.text).toBe('a|b|c');
  });

  it('that come while others are being noted are noted after them', async () => {
    const { place, kept } = begin();
    kept.add(text('a'));
    const noting = kept.note();
    kept.add(text('b'));
    await noting;
    await kept.note();
    expect(place.text).toBe('a|b');
  });
});
