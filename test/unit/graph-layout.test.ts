import { describe, expect, it } from 'vitest';
import { layoutAround, layoutPath, PATH_WIDTH, PICTURE } from '../../console/src/pages/graph/graph-layout.ts';

/** So many around one, each second of them related to the next. */
function starOf(count: number) {
  const nodes = Array.from({ length: count + 1 }, (_, index) => ({
    id: `n${index}`,
    distance: index === 0 ? 0 : 1,
  }));
  const spokes = nodes.slice(1).map(({ id }) => ({ from: 'n0', to: id }));
  const rim = nodes
    .slice(1, -1)
    .filter((_, index) => index % 2 === 0)
    .map(({ id }, index) => ({ from: id, to: `n${2 * index + 2}` }));
  return { nodes, edges: [...spokes, ...rim] };
}

function closest(points: ReadonlyMap<string, { x: number; y: number }>): number {
  const all = [...points.values()];
  const distances = all.flatMap((a, index) =>
    all.slice(index + 1).map((b) => Math.hypot(a.x - b.x, a.y - b.y)),
  );
  return Math.min(...distances);
}

describe('the picture of a neighbourhood', () => {
  it.each([1, 2, 3, 8, 25, 45])('has room for %i around the middle, none over another', (count) => {
    const { nodes, edges } = starOf(count);
    const points = layoutAround(nodes, edges);
    expect(points.size).toBe(count + 1);
    expect(points.get('n0')).toEqual({ x: PICTURE.width / 2, y: PICTURE.height / 2 });
    for (const { x, y } of points.values()) {
      expect(x).toBeGreaterThan(50);
      expect(x).toBeLessThan(PICTURE.width - 50);
      expect(y).toBeGreaterThan(20);
      expect(y).toBeLessThan(PICTURE.height - 20);
    }
    // A shape is 22 wide.
    expect(closest(points)).toBeGreaterThan(26);
  });

  it('is the same each time', () => {
    const { nodes, edges } = starOf(20);
    expect(layoutAround(nodes, edges)).toEqual(layoutAround(nodes, edges));
  });

  it('puts what is related nearer than what is not', () => {
    const nodes = ['middle', 'a', 'b', 'c', 'd'].map((id, index) => ({ id, distance: Math.min(1, index) }));
    const edges = [
      ...['a', 'b', 'c', 'd'].map((to) => ({ from: 'middle', to })),
      { from: 'a', to: 'c' },
      // One to itself, and one to somebody who is not in the picture, are nothing to draw by.
      { from: 'b', to: 'b' },
      { from: 'd', to: 'elsewhere' },
    ];
    const points = layoutAround(nodes, edges);
    const between = (one: string, other: string) => {
      const [a, b] = [points.get(one)!, points.get(other)!];
      return Math.hypot((a.x - b.x) / 1.9, a.y - b.y);
    };
    expect(between('a', 'c')).toBeLessThan(between('b', 'd'));
  });

  it('of nobody is empty', () => {
    expect(layoutAround([], []).size).toBe(0);
  });
});

describe('the picture of a path', () => {
  it('goes from left to right, and back where it is long', () => {
    const { points, height } = layoutPath(['a', 'b', 'c', 'd', 'e']);
    const at = (id: string) => points.get(id)!;
    expect(at('a').x).toBeLessThan(at('b').x);
    expect(at('d').y).toBe(at('a').y);
    expect(at('e')).toEqual({ x: at('d').x, y: at('d').y + 150 });
    expect(height).toBe(300);
  });

  it('uses the whole width if it is short', () => {
    expect(layoutPath(['a', 'b']).points.get('b')?.x).toBe((PATH_WIDTH * 3) / 4);
  });
});
