import { Badge, Button, Group, Stack } from '@mantine/core';
import { ChatMessage } from '../../components/chat-message.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Panel } from '../../components/page.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { TurnStatusBadge } from '../../components/turn-status-badge.tsx';
import { useTexts } from '../../i18n/language.tsx';
import type { Message, MessagePage } from './conversation-api.ts';
import { conversationsTexts } from './conversations.texts.ts';

/** A page of messages in their order. `onTurn` is given the cursor of the page that is asked for. */
export function MessagePageView({ page, onTurn }: { page: MessagePage; onTurn: (cursor: string) => void }) {
  const texts = useTexts(conversationsTexts);
  return (
    <Panel>
      <Stack gap="lg">
        <TurnButton onTurn={onTurn} cursor={page.earlier_cursor} label={texts.earlier} />
        {page.items.length === 0 ? <EmptyState icon="chat" title={texts.noMessages} /> : null}
        {page.items.map((message) => (
          <MessageView key={message.id} message={message} />
        ))}
        <TurnButton onTurn={onTurn} cursor={page.later_cursor} label={texts.later} />
      </Stack>
    </Panel>
  );
}

function MessageView({ message }: { message: Message }) {
  const texts = useTexts(conversationsTexts);
  const isAnswer = message.role === 'assistant';
  return (
    <ChatMessage role={message.role} text={message.content} at={<TimeAgo at={message.created_at} />}>
      {isAnswer || !message.is_saved ? (
        <Group gap="xs" mt={6}>
          {isAnswer ? <TurnStatusBadge status={message.status} /> : null}
          {message.is_saved ? null : (
            <Badge variant="default" size="sm">
              {texts.waiting}
            </Badge>
          )}
        </Group>
      ) : null}
    </ChatMessage>
  );
}

function TurnButton({
  cursor,
  label,
  onTurn,
}: {
  cursor: string | null;
  label: string;
  onTurn: (cursor: string) => void;
}) {
  if (cursor === null) return null;
  return (
    <Button variant="default" size="xs" style={{ alignSelf: 'center' }} onClick={() => onTurn(cursor)}>
      {label}
    </Button>
  );
}
