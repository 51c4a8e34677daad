/** A source of numbers that is the same for the same seed. Asked for `n`, it gives a whole number below `n`. */
export type Random = (below: number) => number;

/** The generator Mulberry32 by Tommy Ettinger: small, and good enough to mix up operations. */
export function randomFrom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
