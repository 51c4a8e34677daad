import { Group, Loader, Text } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { ChatMessage } from '../../components/chat-message.tsx';
import { CoinAmount } from '../../components/coin-amount.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { TurnStatusBadge } from '../../components/turn-status-badge.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import type { TurnStatus } from '../../api/turn-status.ts';
import type { TurnState } from './chat-api.ts';
import type { ChatSession, ChatSnapshot, ShownMessage } from './chat-session.ts';
import classes from './playground.module.css';
import { playgroundTexts } from './playground.texts.ts';
import { useChat } from './use-chat.ts';

/** Whoever has scrolled further up than this is reading there, and is left there. */
const NEAR_END_PX = 80;

/** The conversation so far, and what is happening with its last turn. */
export function MessageList({ session }: { session: ChatSession }) {
  const texts = useTexts(playgroundTexts);
  const chat = useChat(session, (chat) => chat);
  const { messages, phase, turn } = chat;
  const list = useStickToEnd(messages);
  const isEmpty = messages.length === 0 && phase === 'idle';
  return (
    <div className={classes.scroll} ref={list} role="region" aria-label={texts.conversation} tabIndex={0}>
      <div
        className={classes.messages}
        role="log"
        aria-label={texts.conversation}
        aria-busy={phase !== 'idle'}
      >
        {isEmpty ? <EmptyState icon="chat" title={texts.emptyTitle} hint={texts.emptyHint} /> : null}
        {chat.hasEarlier ? (
          <Text size="xs" c="dimmed" ta="center">
            {texts.earlier}
          </Text>
        ) : null}
        {messages.map((message) => (
          <Message
            key={message.id}
            message={message}
            turn={turn?.turn_id === message.turnId && message.role === 'assistant' ? turn : null}
          />
        ))}
        <Phase phase={phase} />
      </div>
    </div>
  );
}

function Message({ message, turn }: { message: ShownMessage; turn: TurnState | null }) {
  const isEnded = message.role === 'assistant' && message.status !== 'running';
  return (
    <ChatMessage role={message.role} text={message.text} isRunning={message.status === 'running'}>
      {isEnded ? <Outcome status={message.status} turn={turn} /> : null}
    </ChatMessage>
  );
}

function Outcome({ status, turn }: { status: TurnStatus; turn: TurnState | null }) {
  const texts = useTexts(playgroundTexts);
  const formats = useFormats();
  return (
    <Group gap="sm" mt={6}>
      <TurnStatusBadge status={status} />
      {turn ? (
        <Text size="xs" c="dimmed" className="numbers">
          {turn.model} ·{' '}
          {texts.tokens(formats.count(turn.prompt_tokens), formats.count(turn.completion_tokens))} ·{' '}
          {texts.cost} <CoinAmount value={turn.cost} />
        </Text>
      ) : null}
    </Group>
  );
}

function Phase({ phase }: { phase: ChatSnapshot['phase'] }) {
  const texts = useTexts(playgroundTexts);
  if (phase === 'idle') return null;
  return (
    <Group gap="xs" className={classes.phase}>
      <Loader size={12} type="dots" aria-hidden="true" />
      <Text size="xs" c="dimmed">
        {texts.phases[phase]}
      </Text>
    </Group>
  );
}

/** Keeps the end in view while the answer grows, unless the reader has scrolled away from it. */
function useStickToEnd(messages: readonly ShownMessage[]) {
  const list = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const shownCount = useRef(0);
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const note = () => {
      isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX;
    };
    element.addEventListener('scroll', note, { passive: true });
    return () => element.removeEventListener('scroll', note);
  }, []);
  useEffect(() => {
    const isNew = messages.length !== shownCount.current;
    shownCount.current = messages.length;
    // A new message is always shown.
    if (isNew || isAtEnd.current) list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [messages]);
  return list;
}
