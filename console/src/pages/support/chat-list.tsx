import { Button, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { api } from '../../api/client.ts';
import { useReread } from '../../api/use-action.ts';
import { useList } from '../../api/use-list.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { IdText } from '../../components/id-text.tsx';
import { Panel } from '../../components/page.tsx';
import { useReasonDialog } from '../../components/reason-dialog.tsx';
import { StateBadge, type Tone } from '../../components/state-badge.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { textNamed } from '../../i18n/dictionary.ts';
import { useTexts } from '../../i18n/language.tsx';
import { useNotices } from '../../notices/notices.tsx';
import { supportTexts } from './support.texts.ts';

type ChatState = 'waiting' | 'active' | 'ended' | 'archived';

interface Chat {
  id: string;
  user_id: string;
  agent_id: string | null;
  state: ChatState;
  end_reason: string | null;
  opened_at: string;
  last_activity_at: string;
  ended_at: string | null;
  rating: number | null;
}

const REFRESH_MS = 5000;
const tones: Record<ChatState, Tone> = {
  waiting: 'warning',
  active: 'ok',
  ended: 'neutral',
  archived: 'neutral',
};

/** Every chat, the newest first. What is said in them is not read here. */
export function ChatList() {
  const texts = useTexts(supportTexts);
  const [state, setState] = useState('');
  const list = useList<Chat>('/api/admin/support/chats', { query: { state }, everyMs: REFRESH_MS });
  return (
    <Panel
      title={texts.tabs.chats}
      isPadded={false}
      actions={
        <NativeSelect
          size="xs"
          aria-label={texts.state}
          value={state}
          onChange={(event) => setState(event.currentTarget.value)}
          data={[
            { value: '', label: texts.allStates },
            ...Object.entries(texts.states).map(([value, label]) => ({ value, label })),
          ]}
        />
      }
    >
      <DataTable
        label={texts.tabs.chats}
        columns={useColumns()}
        list={list}
        rowKey={({ id }) => id}
        empty={{ title: texts.noChats, hint: texts.noChatsHint }}
      />
    </Panel>
  );
}

function useColumns(): Array<Column<Chat>> {
  const texts = useTexts(supportTexts);
  return [
    { key: 'id', header: texts.chat, render: ({ id }) => <IdText value={id} /> },
    {
      key: 'state',
      header: texts.state,
      render: ({ state }) => <StateBadge tone={tones[state]} label={texts.states[state]} />,
    },
    { key: 'user', header: texts.user, render: (chat) => <IdText value={chat.user_id} /> },
    { key: 'agent', header: texts.agent, render: (chat) => <IdText value={chat.agent_id} /> },
    { key: 'opened', header: texts.opened, render: (chat) => <TimeAgo at={chat.opened_at} /> },
    { key: 'activity', header: texts.activity, render: (chat) => <TimeAgo at={chat.last_activity_at} /> },
    {
      key: 'reason',
      header: texts.endReason,
      render: ({ end_reason: reason }) =>
        reason === null ? '—' : (textNamed(texts.endReasons, reason) ?? reason),
    },
    { key: 'rating', header: texts.rating, align: 'end', render: ({ rating }) => rating ?? '—' },
    {
      key: 'actions',
      header: texts.actions,
      align: 'end',
      render: ({ id, state }) => (state === 'waiting' || state === 'active' ? <EndButton id={id} /> : null),
    },
  ];
}

function EndButton({ id }: { id: string }) {
  const texts = useTexts(supportTexts);
  const ask = useReasonDialog();
  const reread = useReread();
  const { say } = useNotices();
  const end = () =>
    ask({
      title: texts.endTitle,
      description: texts.endText,
      confirm: texts.end,
      isDangerous: true,
      reason: 'none',
      act: async () => {
        await api.post(`/api/support/chats/${id}/end`);
        say(texts.endDone);
        await reread(['/api/admin/support']);
      },
    });
  return (
    <Button size="compact-xs" variant="default" aria-label={`${texts.end}: ${id}`} onClick={end}>
      {texts.end}
    </Button>
  );
}
