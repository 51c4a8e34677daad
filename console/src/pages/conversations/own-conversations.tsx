import { Anchor, Stack } from '@mantine/core';
import { Link, useSearchParams } from 'react-router';
import { useList } from '../../api/use-list.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { LookupForm } from '../../components/lookup-form.tsx';
import { Panel } from '../../components/page.tsx';
import { Snippet } from '../../components/snippet.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { type Conversation, CONVERSATIONS_PATH, type SearchHit } from './conversation-api.ts';
import { conversationsTexts } from './conversations.texts.ts';

/** The user's own conversations, or the messages in them that have the words that are looked for. */
export function OwnConversations() {
  const texts = useTexts(conversationsTexts);
  const [params, setParams] = useSearchParams();
  const words = params.get('q') ?? '';
  return (
    <Stack gap="md">
      <LookupForm
        label={texts.search}
        placeholder={texts.searchPlaceholder}
        submit={texts.find}
        initial={words}
        onSubmit={(text) => setParams(text === '' ? {} : { q: text })}
      />
      <Panel isPadded={false}>{words === '' ? <AllOwn /> : <Hits words={words} />}</Panel>
    </Stack>
  );
}

function AllOwn() {
  const texts = useTexts(conversationsTexts);
  const { count } = useFormats();
  const list = useList<Conversation>(CONVERSATIONS_PATH);
  const columns: Array<Column<Conversation>> = [
    { key: 'title', header: texts.name, render: (row) => <ConversationLink {...row} /> },
    { key: 'messages', header: texts.messages, align: 'end', render: (row) => count(row.message_count) },
    { key: 'tokens', header: texts.tokens, align: 'end', render: (row) => count(row.total_tokens) },
    { key: 'created', header: texts.created, render: (row) => <TimeAgo at={row.created_at} /> },
    { key: 'activity', header: texts.lastActivity, render: (row) => <TimeAgo at={row.last_activity_at} /> },
  ];
  return (
    <DataTable
      label={texts.tabs.own}
      columns={columns}
      list={list}
      rowKey={({ id }) => id}
      empty={{ title: texts.empty, hint: texts.emptyHint }}
    />
  );
}

function Hits({ words }: { words: string }) {
  const texts = useTexts(conversationsTexts);
  const list = useList<SearchHit>(`${CONVERSATIONS_PATH}/search`, { query: { q: words } });
  const columns: Array<Column<SearchHit>> = [
    {
      key: 'conversation',
      header: texts.conversation,
      width: 240,
      render: (hit) => <ConversationLink id={hit.conversation_id} title={hit.conversation_title} />,
    },
    { key: 'snippet', header: texts.snippet, render: ({ snippet }) => <Snippet html={snippet} /> },
    { key: 'said', header: texts.said, width: 150, render: (hit) => <TimeAgo at={hit.created_at} /> },
  ];
  return (
    <DataTable
      label={texts.hits}
      columns={columns}
      list={list}
      rowKey={(hit) => hit.message_id}
      empty={{ title: texts.noHits, hint: texts.noHitsHint }}
    />
  );
}

function ConversationLink({ id, title }: { id: string; title: string }) {
  return (
    <Anchor component={Link} to={`/conversations/own/${id}`} inherit fw={500}>
      {title}
    </Anchor>
  );
}
