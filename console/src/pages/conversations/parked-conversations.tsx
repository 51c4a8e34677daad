import { Button, Group, Stack, Text } from '@mantine/core';
import { api } from '../../api/client.ts';
import { useReread } from '../../api/use-action.ts';
import { useList } from '../../api/use-list.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Icon } from '../../components/icon.tsx';
import { IdText } from '../../components/id-text.tsx';
import { Panel } from '../../components/page.tsx';
import { useReasonDialog } from '../../components/reason-dialog.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { useNotices } from '../../notices/notices.tsx';
import { PARKED_PATH, type ParkedConversation } from './conversation-api.ts';
import { conversationsTexts } from './conversations.texts.ts';

const REFRESH_MS = 5000;

/** The conversations whose oldest unsaved turn the database refuses, and what an operator can do about them. */
export function ParkedConversations() {
  const texts = useTexts(conversationsTexts);
  const { count } = useFormats();
  const list = useList<ParkedConversation>(PARKED_PATH, { everyMs: REFRESH_MS });
  const columns: Array<Column<ParkedConversation>> = [
    {
      key: 'conversation',
      header: texts.conversation,
      render: (row) => <IdText value={row.conversation_id} />,
    },
    { key: 'turn', header: texts.turn, render: (row) => <IdText value={row.turn_id} /> },
    { key: 'error', header: texts.error, render: (row) => <span className="mono">{row.error}</span> },
    { key: 'parked', header: texts.parked, render: (row) => <TimeAgo at={row.parked_at} /> },
    { key: 'waiting', header: texts.waitingTurns, align: 'end', render: (row) => count(row.waiting_turns) },
    {
      key: 'actions',
      header: texts.actions,
      align: 'end',
      render: (row) => <RowActions id={row.conversation_id} />,
    },
  ];
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed" maw={760}>
        {texts.parkedLead}
      </Text>
      <Panel isPadded={false}>
        <DataTable
          label={texts.tabs.parked}
          columns={columns}
          list={list}
          rowKey={(row) => row.conversation_id}
          empty={{ title: texts.noParked, hint: texts.noParkedHint }}
        />
      </Panel>
    </Stack>
  );
}

function RowActions({ id }: { id: string }) {
  const texts = useTexts(conversationsTexts);
  const { retry, skip } = useParkedActions();
  return (
    <Group gap={6} justify="flex-end" wrap="nowrap">
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<Icon name="retry" size={13} />}
        aria-label={`${texts.retry}: ${id}`}
        onClick={() => retry(id)}
      >
        {texts.retry}
      </Button>
      <Button
        size="compact-xs"
        variant="default"
        aria-label={`${texts.skip}: ${id}`}
        onClick={() => skip(id)}
      >
        {texts.skip}
      </Button>
    </Group>
  );
}

function useParkedActions() {
  const texts = useTexts(conversationsTexts);
  const ask = useReasonDialog();
  const reread = useReread();
  const { say } = useNotices();
  return {
    retry: (id: string) =>
      ask({
        title: texts.retryTitle,
        description: texts.retryText,
        confirm: texts.retry,
        reason: 'none',
        act: async () => {
          await api.post(`${PARKED_PATH}/${id}/retry`);
          say(texts.retried);
          await reread([PARKED_PATH]);
        },
      }),
    skip: (id: string) =>
      ask({
        title: texts.skipTitle,
        description: texts.skipText,
        confirm: texts.skip,
        isDangerous: true,
        act: async (reason) => {
          await api.post(`${PARKED_PATH}/${id}/skip`, { reason });
          say(texts.skipped);
          await reread([PARKED_PATH]);
        },
      }),
  };
}
