import { describe, expect, it } from 'vitest';
import { cosine, quantise } from './vectors.js';

function wave(dimensions: number, step: number): Float32Array {
  return Float32Array.from({ length: dimensions }, (_, index) => Math.sin(index * step));
}

describe('vectors', () => {
  it('are wholly like themselves, and unlike their opposite', () => {
    const vector = wave(256, 0.7);
    expect(cosine(vector, vector)).toBeCloseTo(1, 6);
    expect(
      cosine(
        vector,
        vector.map((value) => -value),
      ),
    ).toBeCloseTo(-1, 6);
  });

  it.each([0.1, 0.35, 0.72, 1.9])('are compared the same when they are stored in bytes (%f)', (step) => {
    const one = wave(256, 0.7);
    const other = wave(256, step);
    expect(Math.abs(cosine(one, quantise(other)) - cosine(one, other))).toBeLessThan(0.01);
  });

  it('of other sizes, or without a direction, are like nothing', () => {
    expect(cosine(wave(3, 1), wave(4, 1))).toBe(0);
    expect(cosine(wave(3, 1), quantise(new Float32Array(3)))).toBe(0);
  });
});
