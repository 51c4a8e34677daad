import { expect, it } from 'vitest';
import { messageNoOf } from './message-place.js';

const at = (time: string, sequence: number, id = 'a') =>
  messageNoOf({ id, created_at: new Date(time), sequence });

it('messages are numbered by their time, then by their place in the conversation', () => {
  const first = at('2027-01-31T12:00:00.000Z', 900);
  expect(at('2027-01-31T12:00:00.001Z', 1)).toBeGreaterThan(first);
  expect(at('2027-01-31T12:00:00.000Z', 901, 'b')).toBeGreaterThan(first);
  // The column is unsigned and has 64 bits.
  expect(at('2500-01-01T00:00:00.000Z', 1_023)).toBeLessThan(2n ** 64n);
});
