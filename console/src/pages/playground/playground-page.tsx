import { Alert, Button, Stack, Text } from '@mantine/core';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useAction, useReread } from '../../api/use-action.ts';
import { Icon } from '../../components/icon.tsx';
import { Page } from '../../components/page.tsx';
import { ProblemText } from '../../components/problem-alert.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { ChatSession, type ChatSnapshot } from './chat-session.ts';
import { Composer } from './composer.tsx';
import { MessageList } from './message-list.tsx';
import classes from './playground.module.css';
import { playgroundTexts } from './playground.texts.ts';
import { TurnCoins } from './turn-coins.tsx';

/** A chat with any model, and beside it what happens to the user's coins. The address names the conversation. */
export default function PlaygroundPage() {
  const texts = useTexts(playgroundTexts);
  const conversationId = useParams()['*'] || null;
  const navigate = useNavigate();
  const [session, chat] = useChatSession(conversationId);
  const stop = useAction({ act: () => session.stop(), changes: [], done: texts.stopped });
  useRereadCoins(session);
  const isBusy = chat.phase !== 'idle';
  const start = () => navigate('/playground');
  return (
    <Page
      title={texts.title}
      lead={texts.lead}
      actions={
        <Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => void start()}>
          {texts.newChat}
        </Button>
      }
    >
      <div className={classes.columns}>
        <section className={classes.chat} aria-label={texts.title}>
          <MessageList chat={chat} />
          <ChatProblem chat={chat} />
          <Composer
            isBusy={isBusy}
            onStop={() => stop.run()}
            onSend={(request) =>
              session.send(request, (id) => void navigate(`/playground/${id}`, { replace: true }))
            }
          />
        </section>
        <TurnCoins turnId={chat.turnId} isRunning={isBusy} />
      </div>
    </Page>
  );
}

function ChatProblem({ chat: { problem, isUnsent } }: { chat: ChatSnapshot }) {
  const texts = useTexts(playgroundTexts);
  if (!problem) return null;
  return (
    <Alert color="red" variant="outline" icon={<Icon name="warning" />} m="md" mb={0} role="alert">
      <Stack gap={4}>
        {isUnsent ? (
          <Text size="sm" fw={600}>
            {texts.unsentTitle}
          </Text>
        ) : null}
        <ProblemText problem={problem} />
      </Stack>
    </Alert>
  );
}

function useChatSession(conversationId: string | null): [ChatSession, ChatSnapshot] {
  const [session] = useState(() => new ChatSession());
  useEffect(() => {
    void session.open(conversationId);
  }, [session, conversationId]);
  useEffect(() => () => session.close(), [session]);
  return [session, useSyncExternalStore(session.subscribe, session.read)];
}

/** Coins are held before the first byte of an answer and settled before its last: that is when they are read again. */
function useRereadCoins(session: ChatSession): void {
  const reread = useReread();
  useEffect(() => {
    let known = '';
    return session.subscribe(() => {
      const { phase, turnId } = session.read();
      const step = `${turnId ?? ''} ${phase}`;
      if (step === known) return;
      known = step;
      void reread(['/api/coins/']);
    });
  }, [session, reread]);
}
