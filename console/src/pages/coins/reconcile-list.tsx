import { Button, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import { useList } from '../../api/use-list.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Panel } from '../../components/page.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { coinsTexts } from './coins.texts.ts';

/** A run of the task that compares the books: what it counted, and how many disagreements it found. */
interface ReconcileRun {
  due_at: string;
  ended_at: string | null;
  state: string;
  duration_ms: number | null;
  result: Record<string, number> | null;
  error: string | null;
}

const TASK = 'reconcile-books';

/** Whether the books agreed, each time that they were compared. */
export function ReconcileList() {
  const texts = useTexts(coinsTexts);
  const { count, duration } = useFormats();
  const list = useList<ReconcileRun>(`/api/admin/schedules/${TASK}/runs`);
  const columns: Array<Column<ReconcileRun>> = [
    { key: 'at', header: texts.ranAt, render: (run) => <TimeAgo at={run.ended_at ?? run.due_at} /> },
    { key: 'result', header: texts.result, render: (run) => <Result run={run} /> },
    {
      key: 'looked',
      header: texts.looked,
      render: ({ result }) =>
        Object.entries(result ?? {})
          .filter(([name]) => name !== 'disagreements')
          .map(([name, value]) => `${name.replaceAll('_', ' ')} ${count(value)}`)
          .join(' · ') || '—',
    },
    { key: 'took', header: texts.duration, align: 'end', render: (run) => duration(run.duration_ms) },
  ];
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed" maw={760}>
        {texts.reconcileLead}
      </Text>
      <Panel
        title={texts.reconciling}
        isPadded={false}
        actions={
          <Button component={Link} to={`/schedules/${TASK}`} size="xs" variant="default">
            {texts.toSchedule}
          </Button>
        }
      >
        <DataTable
          label={texts.reconciling}
          columns={columns}
          list={list}
          rowKey={(run) => `${run.due_at} ${run.ended_at ?? ''}`}
          empty={{ title: texts.noRuns, hint: texts.noRunsHint }}
        />
      </Panel>
    </Stack>
  );
}

function Result({ run }: { run: ReconcileRun }) {
  const texts = useTexts(coinsTexts);
  const { count } = useFormats();
  const found = run.result?.['disagreements'];
  if (found === undefined) return <StateBadge tone="neutral" label={run.error ?? texts.failedRun} />;
  if (found === 0) return <StateBadge tone="ok" label={texts.agrees} />;
  return <StateBadge tone="failing" label={texts.disagrees(count(found))} />;
}
