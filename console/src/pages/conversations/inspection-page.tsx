import { Anchor, Button, Text } from '@mantine/core';
import { useCallback, useEffect, useState } from 'react';
import { Link, useParams } from 'react-router';
import { api } from '../../api/client.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { Icon } from '../../components/icon.tsx';
import { Page, Panel } from '../../components/page.tsx';
import { useReasonDialog } from '../../components/reason-dialog.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { useNotices } from '../../notices/notices.tsx';
import { toProblem } from '../../api/problem.ts';
import { INSPECTION_PATH, type Inspection } from './conversation-api.ts';
import { inspectionTexts } from './inspection.texts.ts';
import { MessagePageView } from './message-page-view.tsx';

/**
 * A user's conversation, read by an operator. Nothing is read before a reason is given, and nothing is kept when the page
 * is left: it would be shown a second time without an entry in the audit log.
 */
export function InspectionPage() {
  const { id = '' } = useParams();
  return <OneInspection key={id} id={id} />;
}

function OneInspection({ id }: { id: string }) {
  const texts = useTexts(inspectionTexts);
  const { tell } = useNotices();
  const ask = useReasonDialog();
  const [opened, setOpened] = useState<{ reason: string; page: Inspection } | null>(null);
  const read = useCallback(
    async (reason: string, cursor: string | null) => {
      const page = await api.get<Inspection>(`${INSPECTION_PATH}/${id}`, { query: { reason, cursor } });
      setOpened({ reason, page });
    },
    [id],
  );
  const askToRead = useCallback(
    () =>
      ask({
        title: texts.readTitle,
        description: texts.readText,
        confirm: texts.read,
        act: (reason) => read(reason, null),
      }),
    [ask, texts, read],
  );
  useEffect(() => askToRead(), [askToRead]);
  return (
    <Page
      title={opened?.page.title ?? `${texts.conversation} ${id.slice(0, 8)}…${id.slice(-6)}`}
      lead={
        <Anchor component={Link} to="/conversations/users" inherit>
          {texts.tab}
        </Anchor>
      }
    >
      {opened ? (
        <>
          <Text size="sm" c="dimmed">
            {texts.reason}: {opened.reason}
          </Text>
          <MessagePageView
            page={{ ...opened.page, items: opened.page.messages }}
            onTurn={(cursor) =>
              void read(opened.reason, cursor).catch((error: unknown) => tell(toProblem(error)))
            }
          />
        </>
      ) : (
        <Panel>
          <EmptyState icon="eye" title={texts.notOpen} hint={texts.notOpenHint} />
          <Button display="block" mx="auto" leftSection={<Icon name="eye" size={14} />} onClick={askToRead}>
            {texts.read}
          </Button>
        </Panel>
      )}
    </Page>
  );
}
