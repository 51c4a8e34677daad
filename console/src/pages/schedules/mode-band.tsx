import { useRead } from '../../api/use-read.ts';
import type { Page } from '../../api/use-list.ts';
import { StateBadge } from '../../components/state-badge.tsx';
import { useNow } from '../../components/time-ago.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { modeTones } from './mode-tones.ts';
import { type Mode, SCHEDULER_PATH, type Switch } from './schedule-api.ts';
import classes from './schedules.module.css';
import { schedulesTexts } from './schedules.texts.ts';

const SPAN_MS = 24 * 3_600_000;
const REFRESH_MS = 15_000;

interface Segment {
  mode: Mode;
  fromMs: number;
  toMs: number;
}

/** In which mode the schedules were over the last day, as a band. */
export function ModeBand({ current }: { current: Mode | undefined }) {
  const { mode: texts, modes } = useTexts(schedulesTexts);
  const { duration, dateTime } = useFormats();
  const nowMs = useNow();
  const read = useRead<Page<Switch>>(`${SCHEDULER_PATH}/switches`, {
    query: { limit: 100 },
    everyMs: REFRESH_MS,
  });
  if (current === undefined || !read.data) return null;
  const startMs = startOf(read.data, nowMs);
  const segments = segmentsOf(read.data.items, current, startMs, nowMs);
  const sums = sumByMode(segments);
  return (
    <div>
      <div
        className={classes.band}
        role="img"
        aria-label={`${texts.band}: ${[...sums].map(([mode, ms]) => `${modes[mode]} ${duration(ms)}`).join(', ')}`}
      >
        <i style={{ flexGrow: startMs - (nowMs - SPAN_MS) }} />
        {segments.map(({ mode, fromMs, toMs }) => (
          <span
            key={fromMs}
            data-mode={mode}
            style={{ flexGrow: toMs - fromMs }}
            title={`${modes[mode]} · ${dateTime(fromMs)} – ${dateTime(toMs)}`}
          />
        ))}
      </div>
      <div className={classes.bandEnds}>
        <span>{dateTime(nowMs - SPAN_MS)}</span>
        <span>{dateTime(nowMs)}</span>
      </div>
      <div className={classes.legend}>
        {[...sums].map(([mode, ms]) => (
          <StateBadge key={mode} tone={modeTones[mode]} label={`${modes[mode]} · ${duration(ms)}`} />
        ))}
      </div>
    </div>
  );
}

/** A day ago, or when the first thing that is known happened. */
function startOf({ items, next_cursor: next }: Page<Switch>, nowMs: number): number {
  const oldest = items.at(-1);
  const knownSinceMs = next === null ? (oldest ? Date.parse(oldest.at) : nowMs) : 0;
  return Math.max(nowMs - SPAN_MS, knownSinceMs);
}

/** The stretches of the last day between two changes of mode, the oldest first. */
function segmentsOf(switches: readonly Switch[], current: Mode, startMs: number, nowMs: number): Segment[] {
  const changes = switches
    .filter(({ kind, from_mode: from, to_mode: to }) => kind === 'mode' && from !== to)
    .map(({ at, from_mode: from, to_mode: to }) => ({ atMs: Date.parse(at), from, to }))
    .toSorted((a, b) => b.atMs - a.atMs);
  const segments: Segment[] = [];
  let [mode, toMs]: [Mode, number] = [current, nowMs];
  for (const change of changes) {
    if (toMs <= startMs) break;
    const fromMs = Math.max(Math.min(change.atMs, toMs), startMs);
    if (fromMs < toMs) segments.push({ mode, fromMs, toMs });
    [mode, toMs] = [change.from ?? mode, fromMs];
  }
  if (toMs > startMs) segments.push({ mode, fromMs: startMs, toMs });
  return segments.toReversed();
}

function sumByMode(segments: readonly Segment[]): Map<Mode, number> {
  const sums = new Map<Mode, number>();
  for (const { mode, fromMs, toMs } of segments) sums.set(mode, (sums.get(mode) ?? 0) + toMs - fromMs);
  return sums;
}
