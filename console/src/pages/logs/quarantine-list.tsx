import { Button, Group, Stack, Text } from '@mantine/core';
import { api } from '../../api/client.ts';
import { useReread } from '../../api/use-action.ts';
import { useList } from '../../api/use-list.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Icon } from '../../components/icon.tsx';
import { Panel } from '../../components/page.tsx';
import { useReasonDialog } from '../../components/reason-dialog.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { useNotices } from '../../notices/notices.tsx';
import { QUARANTINE_PATH, type QuarantinedLog } from './log-api.ts';
import { logsTexts } from './logs.texts.ts';

const REFRESH_MS = 5000;

/** What could not be stored, the oldest first, and what an operator can do about it. */
export function QuarantineList() {
  const texts = useTexts(logsTexts);
  const { count } = useFormats();
  const list = useList<QuarantinedLog>(QUARANTINE_PATH, { everyMs: REFRESH_MS });
  const columns: Array<Column<QuarantinedLog>> = [
    { key: 'since', header: texts.since, width: 140, render: (log) => <TimeAgo at={log.created_at} /> },
    { key: 'error', header: texts.error, render: (log) => <span className="mono">{log.error}</span> },
    {
      key: 'content',
      header: texts.content,
      render: (log) => (
        <Text size="xs" className="mono" lineClamp={3} maw={420} style={{ overflowWrap: 'anywhere' }}>
          {log.content}
        </Text>
      ),
    },
    { key: 'lines', header: texts.lines, align: 'end', width: 80, render: (log) => count(log.line_count) },
    {
      key: 'actions',
      header: texts.actions,
      align: 'end',
      width: 190,
      render: (log) => <RowActions id={log.id} />,
    },
  ];
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed" maw={760}>
        {texts.quarantineLead}
      </Text>
      <Panel isPadded={false}>
        <DataTable
          label={texts.tabs.quarantine}
          columns={columns}
          list={list}
          rowKey={({ id }) => id}
          empty={{ title: texts.noQuarantine, hint: texts.noQuarantineHint }}
        />
      </Panel>
    </Stack>
  );
}

function RowActions({ id }: { id: string }) {
  const texts = useTexts(logsTexts);
  const { replay, discard } = useQuarantineActions();
  return (
    <Group gap={6} justify="flex-end" wrap="nowrap">
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<Icon name="retry" size={13} />}
        aria-label={`${texts.replay}: ${id}`}
        onClick={() => replay(id)}
      >
        {texts.replay}
      </Button>
      <Button
        size="compact-xs"
        variant="default"
        aria-label={`${texts.discard}: ${id}`}
        onClick={() => discard(id)}
      >
        {texts.discard}
      </Button>
    </Group>
  );
}

function useQuarantineActions() {
  const texts = useTexts(logsTexts);
  const { count } = useFormats();
  const ask = useReasonDialog();
  const reread = useReread();
  const { say } = useNotices();
  return {
    replay: (id: string) =>
      ask({
        title: texts.replayTitle,
        description: texts.replayText,
        confirm: texts.replay,
        reason: 'none',
        act: async () => {
          const answer = await api.post<{ stored_lines: number }>(`${QUARANTINE_PATH}/${id}/replay`);
          say(texts.replayed(count(answer.stored_lines)));
          await reread(['/api/logs']);
        },
      }),
    discard: (id: string) =>
      ask({
        title: texts.discardTitle,
        description: texts.discardText,
        confirm: texts.discard,
        isDangerous: true,
        act: async (reason) => {
          await api.post(`${QUARANTINE_PATH}/${id}/discard`, { reason });
          say(texts.discarded);
          await reread(['/api/logs']);
        },
      }),
  };
}
