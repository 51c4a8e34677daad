import { Anchor, SegmentedControl, Text } from '@mantine/core';
import { Link, useParams, useSearchParams } from 'react-router';
import { useRead } from '../../api/use-read.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { IdText } from '../../components/id-text.tsx';
import { Page, Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { Stat, Stats } from '../../components/stats.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { NotFoundPage } from '../../layout/error-pages.tsx';
import { LaneList } from './lane-list.tsx';
import {
  type Envelope,
  type Job,
  MONITOR_PATH,
  QUEUES_PATH,
  type TaskQueue,
  type TaskState,
} from './task-api.ts';
import { TaskButton } from './task-buttons.tsx';
import { tasksTexts } from './tasks.texts.ts';
import classes from './tasks.module.css';
import { useJobActions } from './use-task-actions.ts';

const REFRESH_MS = 3000;
const MOST_JOBS = 100;
/** The failed ones first, since they need somebody. */
const shownStates: readonly TaskState[] = [
  'failed',
  'queued',
  'started',
  'scheduled',
  'deferred',
  'finished',
  'cancelled',
];

/** One queue of tasks: times, who waits, and everybody's tasks by state. */
export function QueuePage() {
  const { name = '' } = useParams();
  const texts = useTexts(tasksTexts);
  const read = useRead<{ items: TaskQueue[] }>(QUEUES_PATH, { everyMs: REFRESH_MS });
  const queue = read.data?.items.find((each) => each.name === name);
  if (read.data && !queue) return <NotFoundPage />;
  return (
    <Page
      title={texts.queueTitle(name)}
      lead={
        <Anchor component={Link} to="/tasks" inherit>
          {texts.back.queues}
        </Anchor>
      }
    >
      {read.error ? <ProblemAlert problem={read.error} onRetry={() => void read.refetch()} /> : null}
      {queue ? (
        <>
          <Times queue={queue} />
          <LaneList queue={name} />
          <Jobs queue={queue} />
        </>
      ) : null}
    </Page>
  );
}

function Times({ queue }: { queue: TaskQueue }) {
  const texts = useTexts(tasksTexts);
  const { duration, count } = useFormats();
  const { columns, median, high, longest } = texts;
  const { waited_ms: waited, ran_ms: ran } = queue;
  return (
    <Panel
      title={texts.times}
      actions={
        <Text size="xs" c="dimmed">
          {texts.timesOf(count(ran.count))}
        </Text>
      }
    >
      <Stats>
        <Stat name={`${columns.waited}, ${median}`}>{duration(waited.p50)}</Stat>
        <Stat name={`${columns.waited}, ${high}`}>{duration(waited.p95)}</Stat>
        <Stat name={`${columns.waited}, ${longest}`}>{duration(waited.max)}</Stat>
        <Stat name={`${columns.ran}, ${median}`}>{duration(ran.p50)}</Stat>
        <Stat name={`${columns.ran}, ${high}`}>{duration(ran.p95)}</Stat>
        <Stat name={`${columns.ran}, ${longest}`}>{duration(ran.max)}</Stat>
      </Stats>
    </Panel>
  );
}

function Jobs({ queue: { name, counts } }: { queue: TaskQueue }) {
  const texts = useTexts(tasksTexts);
  const { count } = useFormats();
  const [params, setParams] = useSearchParams();
  const state = shownStates.find((candidate) => candidate === params.get('state')) ?? 'failed';
  const read = useRead<Envelope<{ jobs: Job[] }>>(`${MONITOR_PATH}/queues/${encodeURIComponent(name)}/jobs`, {
    query: { status: state, limit: MOST_JOBS },
    everyMs: REFRESH_MS,
  });
  const columns = useColumns(state);
  // While another state is read, the rows are still those of the one before.
  const rows = read.isPlaceholderData ? undefined : read.data?.data.jobs;
  return (
    <Panel
      isPadded={false}
      title={texts.jobsOf(name)}
      actions={
        <div className={classes.choice}>
          <SegmentedControl
            size="xs"
            aria-label={texts.stateChoice}
            value={state}
            onChange={(value) => setParams({ state: value }, { replace: true })}
            data={shownStates.map((value) => ({
              value,
              label: `${texts.states[value]} ${count(counts[value])}`,
            }))}
          />
        </div>
      }
    >
      {read.error ? <ProblemAlert problem={read.error} onRetry={() => void read.refetch()} /> : null}
      {read.error && !rows ? null : (
        <DataTable
          label={`${texts.jobsOf(name)}: ${texts.states[state]}`}
          columns={columns}
          rows={rows}
          rowKey={({ job_id: id }) => id}
          empty={{
            title: texts.noTasks,
            hint: texts.noJobsHint[state],
          }}
        />
      )}
      {rows?.length === MOST_JOBS ? (
        <Text size="xs" c="dimmed" className={classes.lead}>
          {texts.newest}
        </Text>
      ) : null}
    </Panel>
  );
}

function useColumns(state: TaskState): Array<Column<Job>> {
  const texts = useTexts(tasksTexts);
  const actions = useJobActions();
  const { columns: headers } = texts;
  const columns: Array<Column<Job> | false> = [
    {
      key: 'task',
      header: headers.task,
      render: ({ job_id: id, func_name: name }) => (
        <>
          <Anchor component={Link} to={`/tasks/jobs/${id}`} inherit className="mono" title={id}>
            {`${id.slice(0, 8)}…${id.slice(-6)}`}
          </Anchor>
          <Text size="xs" c="dimmed">
            {name}
          </Text>
        </>
      ),
    },
    { key: 'user', header: headers.user, render: ({ user_id: id }) => <IdText value={id} /> },
    state === 'failed' && {
      key: 'error',
      header: headers.error,
      isWrapped: false,
      render: ({ exc_info: stack }) => <span title={stack ?? ''}>{stack?.split('\n', 1)[0] ?? '—'}</span>,
    },
    { key: 'created', header: headers.created, render: (job) => <TimeAgo at={job.created_at} /> },
    { key: 'started', header: headers.started, render: (job) => <TimeAgo at={job.started_at} /> },
    { key: 'ended', header: headers.ended, render: (job) => <TimeAgo at={job.ended_at} /> },
    {
      key: 'actions',
      header: headers.actions,
      align: 'end',
      width: 120,
      render: ({ job_id: id, status }) => <TaskButton id={id} state={status} actions={actions} isInRow />,
    },
  ];
  return columns.filter((column) => column !== false);
}
