import { type MouseEvent } from 'react';
import { useHref, useNavigate } from 'react-router';
import { useTexts } from '../../i18n/language.tsx';
import { type Entity, entityAddress, type EntityType, type Relation } from './graph-api.ts';
import type { Point } from './graph-layout.ts';
import classes from './graph.module.css';
import { graphTexts } from './graph.texts.ts';

interface GraphPictureProps {
  label: string;
  entities: readonly Entity[];
  relations: readonly Relation[];
  points: ReadonlyMap<string, Point>;
  size: { width: number; height: number };
  /** Who is in the middle. */
  centreId?: string;
}

const LONGEST_NAME = 24;
const LONGEST_LABEL = 22;
/** With more lines than this only those that end in the middle are labelled. */
const MOST_LABELS = 24;
const RADIUS = 11;
const CENTRE_RADIUS = 15;
const ARROW_GAP = 5;

/** Entities as shapes by their type, relations as lines between them. Each entity is a link that leads there. */
export function GraphPicture(props: GraphPictureProps) {
  const { label, entities, relations, points, size, centreId } = props;
  const lines = linesOf(relations);
  const isCrowded = lines.length > MOST_LABELS;
  return (
    <svg
      className={classes.picture}
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="group"
      aria-label={label}
      data-graph
    >
      <defs>
        <marker
          id="graph-arrow"
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerWidth="7"
          markerHeight="7"
          orient="auto"
        >
          <path d="M0 0.5 8 4 0 7.5z" className={classes.arrow} />
        </marker>
      </defs>
      <g aria-hidden="true">
        {lines.map((line) => (
          <Line
            key={line.key}
            line={line}
            points={points}
            isLabelled={!isCrowded || line.from === centreId || line.to === centreId}
          />
        ))}
      </g>
      {entities.map((entity) => (
        <Node
          key={entity.id}
          entity={entity}
          point={points.get(entity.id)}
          isCentre={entity.id === centreId}
          middle={size.height / 2}
        />
      ))}
    </svg>
  );
}

/** All relations from one entity to another, drawn as one line. */
interface LineFacts {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly label: string;
  readonly isDirected: boolean;
}

function linesOf(relations: readonly Relation[]): LineFacts[] {
  const lines = new Map<string, LineFacts & { labels: string[] }>();
  for (const { from_id: from, to_id: to, label } of relations) {
    // Two that are only named together have no direction: one line with what is said of them otherwise.
    const key = `${from} ${to}`;
    const line = lines.get(key) ?? { key, from, to, label: '', isDirected: false, labels: [] };
    const labels = label === null ? line.labels : [...line.labels, label];
    lines.set(key, {
      ...line,
      labels,
      label: cut(labels.join(', '), LONGEST_LABEL),
      isDirected: labels.length > 0,
    });
  }
  return [...lines.values()];
}

function Line({
  line,
  points,
  isLabelled,
}: {
  line: LineFacts;
  points: ReadonlyMap<string, Point>;
  isLabelled: boolean;
}) {
  const from = points.get(line.from);
  const to = points.get(line.to);
  if (!from || !to) return null;
  const length = Math.max(1, Math.hypot(to.x - from.x, to.y - from.y));
  const gap = Math.min(length / 3, CENTRE_RADIUS + ARROW_GAP) / length;
  const at = (share: number) => ({
    x: from.x + (to.x - from.x) * share,
    y: from.y + (to.y - from.y) * share,
  });
  const [start, end, middle] = [at(gap), at(1 - gap), at(0.5)];
  return (
    <>
      <line
        className={classes.line}
        data-directed={line.isDirected}
        x1={start.x}
        y1={start.y}
        x2={end.x}
        y2={end.y}
        {...(line.isDirected ? { markerEnd: 'url(#graph-arrow)' } : {})}
      />
      {isLabelled && line.label !== '' ? (
        <text className={classes.label} x={middle.x} y={middle.y - 4}>
          {line.label}
        </text>
      ) : null}
    </>
  );
}

interface NodeProps {
  entity: Entity;
  point: Point | undefined;
  isCentre: boolean;
  /** Half of the picture's height. */
  middle: number;
}

function Node({ entity, point, isCentre, middle }: NodeProps) {
  const texts = useTexts(graphTexts);
  const navigate = useNavigate();
  const address = entityAddress(entity.id);
  const href = useHref(address);
  if (!point) return null;
  const walk = (event: MouseEvent) => {
    // With a key held the browser opens it elsewhere.
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    void navigate(address);
  };
  const radius = isCentre ? CENTRE_RADIUS : RADIUS;
  // On the side where fewer lines come from.
  const isNameAbove = !isCentre && point.y < middle;
  return (
    <a
      href={href}
      onClick={walk}
      className={classes.node}
      style={{ transform: `translate(${point.x}px, ${point.y}px)` }}
      aria-label={`${entity.name}, ${texts.types[entity.type]}`}
      aria-current={isCentre ? 'true' : undefined}
      data-entity={entity.name}
    >
      <title>{entity.name}</title>
      <circle r={radius + 9} className={classes.halo} />
      <EntityShape type={entity.type} radius={radius} />
      <text className={classes.name} y={isNameAbove ? -radius - 8 : radius + 18}>
        {cut(entity.name, LONGEST_NAME)}
      </text>
    </a>
  );
}

/** A shape for each type of entity, around the origin. */
export function EntityShape({ type, radius: r }: { type: EntityType; radius: number }) {
  const className = classes.shape;
  switch (type) {
    case 'person':
      return <circle r={r} className={className} />;
    case 'organisation':
      return <rect x={-r * 0.9} y={-r * 0.9} width={r * 1.8} height={r * 1.8} rx={3} className={className} />;
    case 'place':
      return <path d={polygon(4, r * 1.25, 0)} className={className} />;
    case 'product':
      return <path d={polygon(6, r * 1.1, Math.PI / 6)} className={className} />;
    case 'event':
      return <path d={polygon(3, r * 1.3, 0)} className={className} />;
    default:
      return <ellipse rx={r * 1.25} ry={r * 0.75} className={className} />;
  }
}

function polygon(corners: number, radius: number, turn: number): string {
  const points = Array.from({ length: corners }, (_, corner) => {
    const angle = turn - Math.PI / 2 + (2 * Math.PI * corner) / corners;
    return `${(radius * Math.cos(angle)).toFixed(2)} ${(radius * Math.sin(angle)).toFixed(2)}`;
  });
  return `M${points.join('L')}z`;
}

function cut(text: string, most: number): string {
  const characters = Array.from(text);
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : text;
}
