import { Anchor, Button, SegmentedControl, Text } from '@mantine/core';
import { Link, useParams, useSearchParams } from 'react-router';
import { useList } from '../../api/use-list.ts';
import { useRead } from '../../api/use-read.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Icon } from '../../components/icon.tsx';
import { Page, Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { type JobState, jobStates, type JobSummary, type Queue, queuePath } from './queue-api.ts';
import { QueueState } from './queue-list.tsx';
import { queuesTexts } from './queues.texts.ts';
import { useJobActions, useQueueActions } from './use-queue-actions.ts';

const REFRESH_MS = 5000;

/** One queue and its jobs, by the state they are in; the failed ones first, since they need somebody. */
export function QueuePage() {
  const { name = '' } = useParams();
  const texts = useTexts(queuesTexts);
  const { count, duration } = useFormats();
  const queue = useRead<Queue>(queuePath(name), { everyMs: REFRESH_MS });
  const { data } = queue;
  return (
    <Page
      title={name}
      lead={
        <>
          <Anchor component={Link} to="/queues" inherit>
            {texts.back}
          </Anchor>
          {data ? ` · ${texts.columns.workers}: ${count(data.workers)}` : ''}
          {data?.oldest_waiting_age_ms
            ? ` · ${texts.columns.oldest}: ${duration(data.oldest_waiting_age_ms)}`
            : ''}
        </>
      }
      actions={data ? <QueueActions queue={data} /> : null}
    >
      {queue.error ? <ProblemAlert problem={queue.error} onRetry={() => void queue.refetch()} /> : null}
      {queue.error && !data ? null : <Jobs name={name} queue={data} />}
    </Page>
  );
}

function QueueActions({ queue }: { queue: Queue }) {
  const texts = useTexts(queuesTexts);
  const actions = useQueueActions();
  const { name, is_paused: isPaused, counts } = queue;
  return (
    <>
      <QueueState queue={queue} />
      {counts.failed > 0 ? (
        <Button
          size="xs"
          variant="default"
          leftSection={<Icon name="retry" size={14} />}
          onClick={() => actions.retryFailed(name)}
        >
          {texts.retryFailed}
        </Button>
      ) : null}
      <Button
        size="xs"
        variant="default"
        leftSection={<Icon name={isPaused ? 'play' : 'pause'} size={14} />}
        onClick={() => (isPaused ? actions.resume(name) : actions.pause(name))}
      >
        {isPaused ? texts.resume : texts.pause}
      </Button>
      {queue.is_drainable === false ? null : (
        <Button
          size="xs"
          variant="default"
          leftSection={<Icon name="drain" size={14} />}
          disabled={counts.waiting === 0}
          onClick={() => actions.drain(name)}
        >
          {texts.drain}
        </Button>
      )}
    </>
  );
}

function Jobs({ name, queue }: { name: string; queue: Queue | undefined }) {
  const texts = useTexts(queuesTexts);
  const { count } = useFormats();
  const [params, setParams] = useSearchParams();
  const state = jobStates.find((candidate) => candidate === params.get('state')) ?? 'failed';
  const list = useList<JobSummary>(`${queuePath(name)}/jobs`, { query: { state }, everyMs: REFRESH_MS });
  return (
    <Panel
      isPadded={false}
      title={texts.jobsOf(name)}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={texts.stateChoice}
          value={state}
          onChange={(value) => setParams({ state: value }, { replace: true })}
          data={jobStates.map((value) => ({
            value,
            label: `${texts.jobStates[value]}${queue ? ` ${count(queue.counts[value])}` : ''}`,
          }))}
        />
      }
    >
      <DataTable
        label={`${texts.jobsOf(name)}: ${texts.jobStates[state]}`}
        columns={useJobColumns(name, state)}
        list={list}
        rowKey={({ id }) => id}
        empty={{ title: texts.noJobs, hint: texts.noJobsHint[state] }}
      />
    </Panel>
  );
}

function useJobColumns(queue: string, state: JobState): Array<Column<JobSummary>> {
  const texts = useTexts(queuesTexts);
  const actions = useJobActions();
  const { columns: headers } = texts;
  const columns: Array<Column<JobSummary> | false> = [
    {
      key: 'job',
      header: headers.job,
      render: ({ id, name }) => (
        <>
          <Anchor
            component={Link}
            to={`/queues/${queue}/jobs/${encodeURIComponent(id)}`}
            inherit
            className="mono"
          >
            {id}
          </Anchor>
          <Text size="xs" c="dimmed">
            {name}
          </Text>
        </>
      ),
    },
    state === 'failed' && {
      key: 'error',
      header: headers.error,
      isWrapped: false,
      render: ({ error }) => <span title={error ?? ''}>{error ?? '—'}</span>,
    },
    {
      key: 'attempts',
      header: headers.attempts,
      align: 'end',
      render: (job) => `${job.attempts} / ${job.max_attempts}`,
    },
    { key: 'created', header: headers.created, render: (job) => <TimeAgo at={job.created_at} /> },
    state === 'delayed' && { key: 'due', header: headers.due, render: (job) => <TimeAgo at={job.due_at} /> },
    { key: 'started', header: headers.started, render: (job) => <TimeAgo at={job.started_at} /> },
    (state === 'failed' || state === 'completed') && {
      key: 'ended',
      header: headers.ended,
      render: (job) => <TimeAgo at={job.ended_at} />,
    },
    state === 'failed' && {
      key: 'actions',
      header: headers.actions,
      align: 'end',
      width: 100,
      render: ({ id }) => (
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<Icon name="retry" size={13} />}
          aria-label={`${texts.retry}: ${id}`}
          onClick={() => actions.retryJob(queue, id)}
        >
          {texts.retry}
        </Button>
      ),
    },
  ];
  return columns.filter((column) => column !== false);
}
