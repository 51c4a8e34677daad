import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { useList } from '../../api/use-list.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Icon } from '../../components/icon.tsx';
import { IdText } from '../../components/id-text.tsx';
import { LookupForm } from '../../components/lookup-form.tsx';
import { Panel } from '../../components/page.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { INSPECTION_PATH, type InspectedConversation } from './conversation-api.ts';
import { conversationsTexts } from './conversations.texts.ts';
import { inspectionTexts } from './inspection.texts.ts';

interface FoundUser {
  id: string;
  email: string;
  role: string;
  is_disabled: boolean;
}

/** Finds users and their conversations for an operator, without showing anything of what they said. */
export function UserConversations() {
  const texts = useTexts(inspectionTexts);
  const [params, setParams] = useSearchParams();
  const user = params.get('user') ?? '';
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed" maw={760}>
        {texts.lead}
      </Text>
      <Group gap="xl" align="flex-end">
        <LookupForm
          label={texts.user}
          placeholder={texts.userPlaceholder}
          submit={texts.findUser}
          initial={user}
          onSubmit={(text) => setParams(text === '' ? {} : { user: text })}
        />
        <LookupForm
          label={texts.conversation}
          placeholder={texts.conversationPlaceholder}
          submit={texts.findConversation}
          initial={params.get('q') ?? ''}
          onSubmit={(text) => setParams(text === '' ? {} : { q: text })}
        />
      </Group>
      {user === '' ? null : <Users text={user} />}
      {user === '' ? <Conversations userId={params.get('user_id')} id={params.get('q')} /> : null}
    </Stack>
  );
}

function Users({ text }: { text: string }) {
  const texts = useTexts(inspectionTexts);
  const list = useList<FoundUser>('/api/admin/users', { query: { q: text } });
  const columns: Array<Column<FoundUser>> = [
    { key: 'email', header: texts.email, render: (user) => user.email },
    {
      key: 'role',
      header: texts.role,
      render: (user) => (
        <Group gap={6}>
          {user.role}
          {user.is_disabled ? <StateBadge tone="neutral" label={texts.disabled} /> : null}
        </Group>
      ),
    },
    { key: 'id', header: texts.id, render: (user) => <IdText value={user.id} /> },
    { key: 'actions', header: texts.actions, align: 'end', render: (user) => <UserLinks user={user} /> },
  ];
  return (
    <Panel title={texts.users} isPadded={false}>
      <DataTable
        label={texts.users}
        columns={columns}
        list={list}
        rowKey={({ id }) => id}
        empty={{ title: texts.noUsers, hint: texts.noUsersHint }}
      />
    </Panel>
  );
}

function UserLinks({ user: { id, email } }: { user: FoundUser }) {
  const texts = useTexts(inspectionTexts);
  return (
    <Group gap="md" justify="flex-end" wrap="nowrap">
      <Anchor
        component={Link}
        to={`/conversations/users?user_id=${id}`}
        inherit
        aria-label={`${texts.conversations}: ${email}`}
      >
        {texts.conversations}
      </Anchor>
      <Anchor component={Link} to={`/coins/accounts/${id}`} inherit aria-label={`${texts.coins}: ${email}`}>
        {texts.coins}
      </Anchor>
    </Group>
  );
}

function Conversations({ userId, id }: { userId: string | null; id: string | null }) {
  const texts = useTexts(inspectionTexts);
  const own = useTexts(conversationsTexts);
  const { count } = useFormats();
  const list = useList<InspectedConversation>(INSPECTION_PATH, { query: { user_id: userId, q: id } });
  const title = userId === null ? (id === null ? texts.all : texts.found) : texts.ofUser;
  const columns: Array<Column<InspectedConversation>> = [
    { key: 'id', header: texts.conversation, render: (row) => <IdText value={row.id} /> },
    { key: 'user', header: texts.user, render: (row) => <IdText value={row.user_id} /> },
    { key: 'messages', header: own.messages, align: 'end', render: (row) => count(row.message_count) },
    { key: 'tokens', header: own.tokens, align: 'end', render: (row) => count(row.total_tokens) },
    { key: 'created', header: own.created, render: (row) => <TimeAgo at={row.created_at} /> },
    { key: 'activity', header: own.lastActivity, render: (row) => <TimeAgo at={row.last_activity_at} /> },
    { key: 'actions', header: texts.actions, align: 'end', render: (row) => <ReadButton id={row.id} /> },
  ];
  return (
    <Panel
      title={title}
      isPadded={false}
      actions={
        userId === null && id === null ? null : (
          <Anchor component={Link} to="/conversations/users" size="sm">
            {texts.all}
          </Anchor>
        )
      }
    >
      <DataTable
        label={title}
        columns={columns}
        list={list}
        rowKey={(row) => row.id}
        empty={
          id === null
            ? { title: own.empty }
            : { title: texts.noConversations, hint: texts.noConversationsHint }
        }
      />
    </Panel>
  );
}

function ReadButton({ id }: { id: string }) {
  const texts = useTexts(inspectionTexts);
  const navigate = useNavigate();
  return (
    <Button
      size="compact-xs"
      variant="default"
      leftSection={<Icon name="eye" size={13} />}
      aria-label={`${texts.read}: ${id}`}
      onClick={() => void navigate(`/conversations/users/${id}`)}
    >
      {texts.read}
    </Button>
  );
}
