import { Anchor, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import { useRead } from '../../api/use-read.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import {
  type Envelope,
  MONITOR_PATH,
  QUEUES_PATH,
  type TaskQueue,
  type TaskState,
  type Worker,
} from './task-api.ts';
import { tasksTexts } from './tasks.texts.ts';

const REFRESH_MS = 2000;
const shownStates: readonly TaskState[] = [
  'queued',
  'started',
  'scheduled',
  'deferred',
  'failed',
  'finished',
  'cancelled',
];

/** The queues in numbers, and who works on them. */
export function QueueOverview() {
  return (
    <Stack gap="md">
      <Queues />
      <Workers />
    </Stack>
  );
}

function Queues() {
  const texts = useTexts(tasksTexts);
  const read = useRead<{ items: TaskQueue[] }>(QUEUES_PATH, { everyMs: REFRESH_MS });
  const columns = useQueueColumns();
  return (
    <>
      {read.error ? <ProblemAlert problem={read.error} onRetry={() => void read.refetch()} /> : null}
      {read.error && !read.data ? null : (
        <Panel isPadded={false} title={texts.queues}>
          <DataTable
            label={texts.queues}
            columns={columns}
            rows={read.data?.items}
            rowKey={({ name }) => name}
            empty={{ title: texts.noTasks }}
          />
        </Panel>
      )}
    </>
  );
}

function useQueueColumns(): Array<Column<TaskQueue>> {
  const texts = useTexts(tasksTexts);
  const { count, duration } = useFormats();
  const { columns: headers } = texts;
  const spread = ({ p50, p95 }: TaskQueue['ran_ms']) =>
    p50 === null ? '—' : texts.spread(duration(p50), duration(p95));
  return [
    {
      key: 'queue',
      header: headers.queue,
      render: ({ name }) => (
        <Anchor component={Link} to={`/tasks/queues/${name}`} inherit fw={500}>
          {name}
        </Anchor>
      ),
    },
    ...shownStates.map((state): Column<TaskQueue> => ({
      key: state,
      header: texts.states[state],
      align: 'end',
      render: ({ name, counts }) =>
        counts[state] === 0 ? (
          <Text span inherit c="dimmed">
            0
          </Text>
        ) : (
          <Anchor
            component={Link}
            to={`/tasks/queues/${name}?state=${state}`}
            inherit
            aria-label={`${name}: ${texts.states[state]} ${count(counts[state])}`}
          >
            {count(counts[state])}
          </Anchor>
        ),
    })),
    {
      key: 'users',
      header: headers.waitingUsers,
      align: 'end',
      render: ({ waiting_users: users }) => count(users),
    },
    {
      key: 'waited',
      header: headers.waited,
      align: 'end',
      render: ({ waited_ms: waited }) => <span title={texts.spreadHint}>{spread(waited)}</span>,
    },
    {
      key: 'ran',
      header: headers.ran,
      align: 'end',
      render: ({ ran_ms: ran }) => <span title={texts.spreadHint}>{spread(ran)}</span>,
    },
  ];
}

function Workers() {
  const texts = useTexts(tasksTexts);
  const read = useRead<Envelope<{ workers: Worker[] }>>(`${MONITOR_PATH}/workers`, { everyMs: REFRESH_MS });
  const { columns: headers } = texts;
  const columns: Array<Column<Worker>> = [
    { key: 'worker', header: headers.worker, render: ({ name }) => <span className="mono">{name}</span> },
    {
      key: 'state',
      header: headers.state,
      render: ({ state }) => (
        <StateBadge
          tone={state === 'busy' ? 'info' : 'ok'}
          label={state === 'busy' ? texts.busy : texts.idle}
        />
      ),
    },
    { key: 'queues', header: headers.queues, render: ({ queues }) => queues.join(', ') },
    {
      key: 'current',
      header: headers.current,
      render: ({ current_job_id: id }) =>
        id === null ? (
          '—'
        ) : (
          <Anchor component={Link} to={`/tasks/jobs/${id}`} inherit className="mono" title={id}>
            {`${id.slice(0, 8)}…${id.slice(-6)}`}
          </Anchor>
        ),
    },
    { key: 'since', header: headers.since, render: ({ birth_date: at }) => <TimeAgo at={at} /> },
  ];
  return (
    <>
      {read.error ? <ProblemAlert problem={read.error} onRetry={() => void read.refetch()} /> : null}
      {read.error && !read.data ? null : (
        <Panel isPadded={false} title={texts.workers}>
          <DataTable
            label={texts.workers}
            columns={columns}
            rows={read.data?.data.workers}
            rowKey={({ name }) => name}
            empty={{ title: texts.noWorkers, hint: texts.noWorkersHint }}
          />
        </Panel>
      )}
    </>
  );
}
