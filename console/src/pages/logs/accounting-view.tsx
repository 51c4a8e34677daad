import { Skeleton, Stack, Text } from '@mantine/core';
import { useRead } from '../../api/use-read.ts';
import { Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { Stat, Stats } from '../../components/stats.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import type { Accounting } from './log-api.ts';
import { logsTexts } from './logs.texts.ts';

const REFRESH_MS = 5000;
const facts = [
  'accepted_lines',
  'stored_lines',
  'pending_lines',
  'quarantined_lines',
  'discarded_lines',
  'difference_lines',
  'dropped_lines',
  'missing_entries',
] as const;

/** What became of every line that was accepted. */
export function AccountingView() {
  const texts = useTexts(logsTexts);
  const { data, error, refetch } = useRead<Accounting>('/api/logs/accounting', { everyMs: REFRESH_MS });
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed" maw={760}>
        {texts.accountingLead}
      </Text>
      {error ? <ProblemAlert problem={error} onRetry={() => void refetch()} /> : null}
      {data ? <Books accounting={data} /> : error ? null : <Skeleton height={160} />}
    </Stack>
  );
}

function Books({ accounting }: { accounting: Accounting }) {
  const texts = useTexts(logsTexts);
  const { count, bytes, duration } = useFormats();
  const { backlog, is_closed: isClosed } = accounting;
  return (
    <>
      <Panel
        title={texts.lines}
        actions={
          <StateBadge tone={isClosed ? 'ok' : 'failing'} label={isClosed ? texts.closed : texts.open} />
        }
      >
        <Stats>
          {facts.map((name) => (
            <Stat key={name} name={texts.facts[name]}>
              {count(accounting[name])}
            </Stat>
          ))}
        </Stats>
      </Panel>
      <Panel title={texts.backlog}>
        <Stats>
          <Stat name={texts.entries}>{count(backlog.entries)}</Stat>
          <Stat name={texts.size}>{bytes(backlog.bytes)}</Stat>
          <Stat name={texts.limit}>{bytes(backlog.limit_bytes)}</Stat>
          <Stat name={texts.lag}>{duration(backlog.lag_seconds * 1000)}</Stat>
        </Stats>
      </Panel>
    </>
  );
}
