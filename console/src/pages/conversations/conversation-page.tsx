import { Anchor, Button } from '@mantine/core';
import { Link, useNavigate, useParams, useSearchParams } from 'react-router';
import { api } from '../../api/client.ts';
import { useReread } from '../../api/use-action.ts';
import { useRead } from '../../api/use-read.ts';
import { Icon } from '../../components/icon.tsx';
import { Page } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useReasonDialog } from '../../components/reason-dialog.tsx';
import { PageLoading } from '../../layout/page-loading.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { useNotices } from '../../notices/notices.tsx';
import { type Conversation, CONVERSATIONS_PATH, type MessagePage } from './conversation-api.ts';
import { conversationsTexts } from './conversations.texts.ts';
import { MessagePageView } from './message-page-view.tsx';

/** One of the user's own conversations, a page of messages at a time. */
export function ConversationPage() {
  const { id = '' } = useParams();
  const texts = useTexts(conversationsTexts);
  const { count } = useFormats();
  const path = `${CONVERSATIONS_PATH}/${id}`;
  const conversation = useRead<Conversation>(path);
  const [params, setParams] = useSearchParams();
  const messages = useRead<MessagePage>(`${path}/messages`, { query: { cursor: params.get('cursor') } });
  const { data } = conversation;
  const problem = conversation.error ?? messages.error;
  return (
    <Page
      title={data?.title ?? texts.conversation}
      lead={
        <>
          <Anchor component={Link} to="/conversations/own" inherit>
            {texts.back}
          </Anchor>
          {data ? ` · ${texts.messages}: ${count(data.message_count)}` : ''}
          {data ? ` · ${texts.tokens}: ${count(data.total_tokens)}` : ''}
        </>
      }
      actions={data ? <Actions conversation={data} /> : null}
    >
      {problem ? <ProblemAlert problem={problem} onRetry={() => void messages.refetch()} /> : null}
      {messages.data ? (
        <MessagePageView page={messages.data} onTurn={(cursor) => setParams({ cursor })} />
      ) : problem ? null : (
        <PageLoading />
      )}
    </Page>
  );
}

function Actions({ conversation: { id, title } }: { conversation: Conversation }) {
  const texts = useTexts(conversationsTexts);
  const ask = useReasonDialog();
  const reread = useReread();
  const { say } = useNotices();
  const navigate = useNavigate();
  const erase = () =>
    ask({
      title: texts.eraseTitle,
      description: `${title}. ${texts.eraseText}`,
      confirm: texts.erase,
      isDangerous: true,
      reason: 'none',
      act: async () => {
        await api.delete(`${CONVERSATIONS_PATH}/${id}`);
        say(texts.erased);
        await navigate('/conversations/own');
        await reread([CONVERSATIONS_PATH]);
      },
    });
  return (
    <>
      <Button
        component={Link}
        to={`/playground/${id}`}
        size="xs"
        leftSection={<Icon name="play" size={14} />}
      >
        {texts.continue}
      </Button>
      <Button component="a" href={`${CONVERSATIONS_PATH}/${id}/export`} download size="xs" variant="default">
        {texts.exportJson}
      </Button>
      <Button size="xs" variant="default" leftSection={<Icon name="trash" size={14} />} onClick={erase}>
        {texts.erase}
      </Button>
    </>
  );
}
