import { Alert, Button, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useAction, useReread } from '../../api/use-action.ts';
import { Icon } from '../../components/icon.tsx';
import { Page } from '../../components/page.tsx';
import { ProblemText } from '../../components/problem-alert.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { ChatSession } from './chat-session.ts';
import { useChat } from './use-chat.ts';
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
  const session = useChatSession(conversationId);
  const stop = useAction({ act: () => session.stop(), changes: [], done: texts.stopped });
  useRereadCoins(session);
  const isBusy = useChat(session, (chat) => chat.phase !== 'idle');
  const turnId = useChat(session, (chat) => chat.turnId);
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
          <MessageList session={session} />
          <ChatProblem session={session} />
          <Composer
            isBusy={isBusy}
            onStop={() => stop.run()}
            onSend={(request) =>
              session.send(request, (id) => void navigate(`/playground/${id}`, { replace: true }))
            }
          />
        </section>
        <TurnCoins turnId={turnId} isRunning={isBusy} />
      </div>
    </Page>
  );
}

function ChatProblem({ session }: { session: ChatSession }) {
  const texts = useTexts(playgroundTexts);
  const problem = useChat(session, (chat) => chat.problem);
  const isUnsent = useChat(session, (chat) => chat.isUnsent);
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

function useChatSession(conversationId: string | null): ChatSession {
  const [session] = useState(() => new ChatSession());
  useEffect(() => {
    void session.open(conversationId);
  }, [session, conversationId]);
  useEffect(() => () => session.close(), [session]);
  return session;
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
