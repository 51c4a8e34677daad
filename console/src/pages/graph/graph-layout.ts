/** What is drawn: who, and how far from the middle. */
export interface LayoutNode {
  readonly id: string;
  readonly distance: number;
}

export interface LayoutEdge {
  readonly from: string;
  readonly to: string;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The size of the picture, in its own units. */
export const PICTURE = { width: 820, height: 560 } as const;
export const PATH_WIDTH = 1140;

/** Names need more room beside than above each other. */
const NAME_WIDTH_RATIO = 1.9;
const MARGIN = { x: 84, y: 36 };
const ROUNDS = 240;
const FIRST_STEP = 60;
/** How much of the room each node takes for itself. */
const DENSITY = 0.82;
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));
const NEAR_ZERO = 0.01;

interface Body {
  x: number;
  y: number;
  dx: number;
  dy: number;
  readonly isFixed: boolean;
}

/**
 * Places the first node in the middle and the others around it: those that are related draw each other near, all push
 * each other off (Fruchterman and Reingold). Nothing is left to chance: the same graph looks the same each time.
 */
export function layoutAround(
  nodes: readonly LayoutNode[],
  edges: readonly LayoutEdge[],
): ReadonlyMap<string, Point> {
  const bodies = nodes.map((node, index) => startOf(node, index));
  const indexes = new Map(nodes.map(({ id }, index) => [id, index]));
  const springs = pairsOf(edges, indexes);
  const area = (PICTURE.width / NAME_WIDTH_RATIO) * PICTURE.height;
  const length = DENSITY * Math.sqrt(area / Math.max(2, nodes.length));
  for (let round = 0; round < ROUNDS; round++) {
    pushApart(bodies, length);
    for (const [a, b] of springs) drawTogether(bodies[a], bodies[b], length);
    const step = FIRST_STEP * (1 - round / ROUNDS);
    for (const body of bodies) move(body, step);
  }
  return new Map(nodes.map(({ id }, index) => [id, toPoint(bodies[index])]));
}

/** Places the nodes of a path one after the other, in rows if they are many, the second row running back. */
export function layoutPath(ids: readonly string[]): { points: ReadonlyMap<string, Point>; height: number } {
  const perRow = 4;
  const rowHeight = 150;
  const columnWidth = PATH_WIDTH / Math.min(perRow, Math.max(1, ids.length));
  const points = ids.map((id, index): [string, Point] => {
    const row = Math.floor(index / perRow);
    const column = row % 2 === 0 ? index % perRow : perRow - 1 - (index % perRow);
    return [id, { x: columnWidth * (column + 0.5), y: rowHeight * (row + 0.5) }];
  });
  return { points: new Map(points), height: rowHeight * Math.max(1, Math.ceil(ids.length / perRow)) };
}

/** On rings by distance, turned by the golden angle, so that no two begin at one place. */
function startOf({ distance }: LayoutNode, index: number): Body {
  const radius = distance === 0 ? 0 : 90 + 80 * distance + index;
  const angle = index * GOLDEN_ANGLE;
  return {
    x: radius * Math.cos(angle),
    y: radius * Math.sin(angle),
    dx: 0,
    dy: 0,
    isFixed: distance === 0,
  };
}

/** The ends of edges by their places; each pair once. */
function pairsOf(
  edges: readonly LayoutEdge[],
  indexes: ReadonlyMap<string, number>,
): Array<[number, number]> {
  const pairs = new Map<string, [number, number]>();
  for (const { from, to } of edges) {
    const [a, b] = [indexes.get(from), indexes.get(to)];
    if (a === undefined || b === undefined || a === b) continue;
    pairs.set(`${Math.min(a, b)} ${Math.max(a, b)}`, [a, b]);
  }
  return [...pairs.values()];
}

function pushApart(bodies: readonly Body[], length: number): void {
  bodies.forEach((a, index) => {
    for (const b of bodies.slice(index + 1)) {
      const x = a.x - b.x || NEAR_ZERO;
      const y = a.y - b.y || NEAR_ZERO;
      const force = length ** 2 / (x ** 2 + y ** 2);
      a.dx += x * force;
      a.dy += y * force;
      b.dx -= x * force;
      b.dy -= y * force;
    }
  });
}

function drawTogether(a: Body | undefined, b: Body | undefined, length: number): void {
  if (!a || !b) return;
  const x = a.x - b.x;
  const y = a.y - b.y;
  const force = Math.hypot(x, y) / length;
  a.dx -= x * force;
  a.dy -= y * force;
  b.dx += x * force;
  b.dy += y * force;
}

/** Goes where the forces lead, at most `step` far and not out of the picture. */
function move(body: Body, step: number): void {
  const length = Math.hypot(body.dx, body.dy);
  if (!body.isFixed && length > 0) {
    const share = Math.min(length, step) / length;
    body.x = clamp(body.x + body.dx * share, (PICTURE.width / 2 - MARGIN.x) / NAME_WIDTH_RATIO);
    body.y = clamp(body.y + body.dy * share, PICTURE.height / 2 - MARGIN.y);
  }
  body.dx = 0;
  body.dy = 0;
}

function clamp(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}

function toPoint(body: Body | undefined): Point {
  return {
    x: Math.round(PICTURE.width / 2 + (body?.x ?? 0) * NAME_WIDTH_RATIO),
    y: Math.round(PICTURE.height / 2 + (body?.y ?? 0)),
  };
}
