import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Panel } from '../../components/page.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import type { QueueState } from '../../live/overview.ts';
import { overviewTexts } from './overview.texts.ts';

/** Every queue in one line, as the live stream tells it. */
export function QueueSummary({ queues }: { queues: readonly QueueState[] | undefined }) {
  const texts = useTexts(overviewTexts);
  const { count, duration } = useFormats();
  const { queueColumns: headers } = texts;
  const number = (key: 'waiting' | 'active' | 'delayed' | 'failed'): Column<QueueState> => ({
    key,
    header: headers[key],
    align: 'end',
    width: 90,
    render: (queue) => count(queue[key]),
  });
  const columns: Array<Column<QueueState>> = [
    {
      key: 'name',
      header: headers.name,
      render: ({ name }) => (
        <Anchor component={Link} to={`/queues/${name}`} inherit>
          {name}
        </Anchor>
      ),
    },
    { key: 'state', header: headers.state, render: (queue) => <QueueStateBadge queue={queue} /> },
    number('waiting'),
    number('active'),
    number('delayed'),
    number('failed'),
    { key: 'oldest', header: headers.oldest, align: 'end', render: (queue) => duration(queue.oldest_age_ms) },
    {
      key: 'objective',
      header: headers.objective,
      align: 'end',
      render: (queue) => duration(queue.objective_ms),
    },
  ];
  return (
    <Panel title={texts.queues} isPadded={false}>
      <DataTable
        label={texts.queues}
        columns={columns}
        rows={queues}
        rowKey={({ name }) => name}
        empty={{ title: texts.noQueues, hint: texts.noQueuesHint }}
      />
    </Panel>
  );
}

function QueueStateBadge({ queue }: { queue: QueueState }) {
  const { queueStates } = useTexts(overviewTexts);
  if (queue.waiting === null) return <StateBadge tone="neutral" label={queueStates.unknown} />;
  if (queue.is_paused) return <StateBadge tone="warning" label={queueStates.paused} />;
  const { oldest_age_ms: age, objective_ms: objective } = queue;
  if (age !== null && objective !== null && age > objective) {
    return <StateBadge tone="failing" label={queueStates.late} />;
  }
  return queue.failed ? (
    <StateBadge tone="warning" label={queueStates.failed} />
  ) : (
    <StateBadge tone="ok" label={queueStates.ok} />
  );
}
