import { Anchor, Button, Group } from '@mantine/core';
import { Link } from 'react-router';
import { useRead } from '../../api/use-read.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Icon } from '../../components/icon.tsx';
import { Page, Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { type JobState, type Queue, QUEUES_PATH } from './queue-api.ts';
import { queuesTexts } from './queues.texts.ts';
import { useQueueActions } from './use-queue-actions.ts';

const REFRESH_MS = 5000;
const shownStates: readonly JobState[] = ['waiting', 'active', 'delayed', 'failed', 'completed'];

/** Every queue in a line. */
export function QueueList() {
  const texts = useTexts(queuesTexts);
  const { count, duration } = useFormats();
  const actions = useQueueActions();
  const read = useRead<{ items: Queue[] }>(QUEUES_PATH, { everyMs: REFRESH_MS });
  const { columns: headers } = texts;
  const columns: Array<Column<Queue>> = [
    {
      key: 'name',
      header: headers.name,
      render: ({ name }) => (
        <Anchor component={Link} to={`/queues/${name}`} inherit fw={500}>
          {name}
        </Anchor>
      ),
    },
    { key: 'state', header: headers.state, render: (queue) => <QueueState queue={queue} /> },
    ...shownStates.map((state): Column<Queue> => ({
      key: state,
      header: headers[state],
      align: 'end',
      width: 92,
      render: ({ counts }) => count(counts[state]),
    })),
    {
      key: 'oldest',
      header: headers.oldest,
      align: 'end',
      render: (queue) => duration(queue.oldest_waiting_age_ms),
    },
    { key: 'workers', header: headers.workers, align: 'end', render: ({ workers }) => count(workers) },
    {
      key: 'actions',
      header: headers.actions,
      align: 'end',
      width: 110,
      render: ({ name, is_paused: isPaused }) => (
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<Icon name={isPaused ? 'play' : 'pause'} size={13} />}
          aria-label={`${isPaused ? texts.resume : texts.pause}: ${name}`}
          onClick={() => (isPaused ? actions.resume(name) : actions.pause(name))}
        >
          {isPaused ? texts.resume : texts.pause}
        </Button>
      ),
    },
  ];
  return (
    <Page title={texts.title} lead={texts.lead} actions={<BoardLink />}>
      {read.error ? <ProblemAlert problem={read.error} onRetry={() => void read.refetch()} /> : null}
      {read.error && !read.data ? null : (
        <Panel isPadded={false}>
          <DataTable
            label={texts.title}
            columns={columns}
            rows={read.data?.items}
            rowKey={({ name }) => name}
            empty={{ title: texts.empty }}
          />
        </Panel>
      )}
    </Page>
  );
}

/** Whether jobs of it are begun, and by anyone. */
export function QueueState({ queue }: { queue: Queue }) {
  const { states } = useTexts(queuesTexts);
  return (
    <Group gap={6} wrap="nowrap">
      {queue.is_paused ? (
        <StateBadge tone="warning" label={states.paused} />
      ) : queue.workers === 0 ? (
        <StateBadge tone="failing" label={states.no_worker} />
      ) : (
        <StateBadge tone="ok" label={states.running} />
      )}
    </Group>
  );
}

/** bull-board is served beside the console and takes the same cookie. */
function BoardLink() {
  const { board } = useTexts(queuesTexts);
  return (
    <Button
      component="a"
      href="/admin/queues"
      target="_blank"
      rel="noopener"
      variant="default"
      size="xs"
      rightSection={<Icon name="external" size={14} />}
    >
      {board}
    </Button>
  );
}
