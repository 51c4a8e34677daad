import { Text } from '@mantine/core';
import { useRead } from '../../api/use-read.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { IdText } from '../../components/id-text.tsx';
import { Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { StateBadge, type Tone } from '../../components/state-badge.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { type Lane, type Lanes, QUEUES_PATH } from './task-api.ts';
import classes from './tasks.module.css';
import { tasksTexts } from './tasks.texts.ts';

const REFRESH_MS = 2000;
const MOST_LANES = 20;

type LaneState = 'next' | 'waits' | 'limit' | 'runs';
type PlacedLane = Lane & { place: number; state: LaneState };

const tones: Record<LaneState, Tone> = { next: 'ok', waits: 'info', limit: 'warning', runs: 'neutral' };

/** Who waits in a queue, in the order of turns. */
export function LaneList({ queue }: { queue: string }) {
  const texts = useTexts(tasksTexts);
  const { count } = useFormats();
  const read = useRead<Lanes>(`${QUEUES_PATH}/${encodeURIComponent(queue)}/lanes`, {
    query: { limit: MOST_LANES },
    everyMs: REFRESH_MS,
  });
  const lanes = read.data;
  const placed = lanes && placesOf(lanes.items);
  const columns = useColumns(Math.max(1, ...(placed ?? []).map(({ queued }) => queued)));
  if (read.error && !lanes) return <ProblemAlert problem={read.error} onRetry={() => void read.refetch()} />;
  return (
    <Panel title={texts.fairness} isPadded={false}>
      {lanes ? (
        <Text size="sm" c="dimmed" className={classes.lead}>
          {texts.fairnessLead(count(lanes.max_running), count(lanes.window))}
        </Text>
      ) : null}
      <DataTable
        label={texts.fairness}
        columns={columns}
        rows={placed}
        rowKey={({ user_id: id }) => id}
        empty={{ title: texts.noLanes, hint: texts.noLanesHint }}
      />
    </Panel>
  );
}

function useColumns(mostQueued: number): Array<Column<PlacedLane>> {
  const texts = useTexts(tasksTexts);
  const { count } = useFormats();
  const { columns: headers } = texts;
  return [
    {
      key: 'place',
      header: headers.place,
      align: 'end',
      width: 70,
      render: ({ place, is_waiting: isWaiting }) => (isWaiting ? count(place) : '—'),
    },
    { key: 'user', header: headers.user, render: ({ user_id: id }) => <IdText value={id} /> },
    {
      key: 'state',
      header: headers.state,
      render: ({ state }) => <StateBadge tone={tones[state]} label={texts.laneStates[state]} />,
    },
    {
      key: 'waits',
      header: headers.waits,
      align: 'end',
      render: ({ queued }) => (
        <span className={classes.amount}>
          <span className={classes.bar} aria-hidden="true">
            <span style={{ inlineSize: `${(100 * queued) / mostQueued}%` }} />
          </span>
          {count(queued)}
        </span>
      ),
    },
    { key: 'atHand', header: headers.atHand, align: 'end', render: (lane) => count(lane.at_hand) },
    { key: 'running', header: headers.running, align: 'end', render: ({ started }) => count(started) },
    {
      key: 'later',
      header: headers.later,
      align: 'end',
      render: ({ scheduled, deferred }) => count(scheduled + deferred),
    },
    { key: 'turn', header: headers.turn, align: 'end', render: ({ turn }) => count(turn) },
  ];
}

/** The first that waits and is not at its limit comes next: those at it are passed over. */
function placesOf(lanes: readonly Lane[]): PlacedLane[] {
  const next = lanes.find((lane) => lane.is_waiting && !lane.is_at_limit);
  return lanes.map((lane, index) => ({ ...lane, place: index + 1, state: stateOf(lane, lane === next) }));
}

function stateOf(lane: Lane, isNext: boolean): LaneState {
  if (!lane.is_waiting) return 'runs';
  if (isNext) return 'next';
  return lane.is_at_limit ? 'limit' : 'waits';
}
