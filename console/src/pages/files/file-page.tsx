import { Anchor, Button, SimpleGrid, Skeleton, Stack } from '@mantine/core';
import { Link, useNavigate, useParams } from 'react-router';
import { api } from '../../api/client.ts';
import { useReread } from '../../api/use-action.ts';
import { useRead } from '../../api/use-read.ts';
import { Fact, FactList } from '../../components/fact-list.tsx';
import { Icon } from '../../components/icon.tsx';
import { IdText } from '../../components/id-text.tsx';
import { Page, Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useReasonDialog } from '../../components/reason-dialog.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { useNotices } from '../../notices/notices.tsx';
import { useUser } from '../../session/session.tsx';
import { ChunkList } from './chunk-list.tsx';
import { COLLECTIONS_PATH, type FileFacts, filePath, FILES_PATH, isSettled } from './file-api.ts';
import { FileCollections } from './file-collections.tsx';
import { FileEntities } from './file-entities.tsx';
import { FileSteps } from './file-steps.tsx';
import { FileType } from './file-type.tsx';
import { filesTexts } from './files.texts.ts';

const REFRESH_MS = 5000;

/** All that is known of one file, and what has been made of it. */
export function FilePage() {
  const { id = '' } = useParams();
  const texts = useTexts(filesTexts);
  const { can } = useUser();
  const { data: file, error, refetch } = useRead<FileFacts>(filePath(id), { everyMs: REFRESH_MS });
  const problem = file ? null : error;
  return (
    <Page
      title={file?.name ?? texts.file}
      lead={
        <Anchor component={Link} to="/files/list" inherit>
          {texts.back}
        </Anchor>
      }
      actions={file ? <Actions file={file} /> : null}
    >
      {problem ? <ProblemAlert problem={problem} onRetry={() => void refetch()} /> : null}
      {file ? (
        <Stack gap="md">
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
            <Stack gap="md">
              <FileFactsPanel file={file} />
              <FileCollections fileId={id} />
            </Stack>
            <Stack gap="md">
              <FileSteps key={id} file={file} />
              {can('knowledge') ? <FileEntities file={file} /> : null}
            </Stack>
          </SimpleGrid>
          <ChunkList fileId={id} isComing={!isSettled(file.status)} />
        </Stack>
      ) : problem ? null : (
        <Skeleton height={320} />
      )}
    </Page>
  );
}

function Actions({ file }: { file: FileFacts }) {
  const texts = useTexts(filesTexts);
  const ask = useReasonDialog();
  const reread = useReread();
  const navigate = useNavigate();
  const { say } = useNotices();
  const remove = () =>
    ask({
      title: texts.removeTitle(file.name),
      description: texts.removeDescription,
      confirm: texts.remove,
      isDangerous: true,
      reason: 'none',
      act: async () => {
        await api.delete(filePath(file.id));
        say(texts.isRemoved);
        // Gone first: what is read again would not be there.
        await navigate('/files/list');
        await reread([FILES_PATH, COLLECTIONS_PATH]);
      },
    });
  return (
    <>
      <Button
        component="a"
        href={`${filePath(file.id)}/content`}
        download={file.name}
        size="xs"
        variant="default"
        leftSection={<Icon name="download" size={14} />}
      >
        {texts.download}
      </Button>
      <Button size="xs" variant="default" leftSection={<Icon name="trash" size={14} />} onClick={remove}>
        {texts.remove}
      </Button>
    </>
  );
}

function FileFactsPanel({ file }: { file: FileFacts }) {
  const texts = useTexts(filesTexts);
  const { bytes, dateTime } = useFormats();
  return (
    <Panel title={texts.facts}>
      <FactList>
        <Fact name={texts.type}>
          <FileType mediaType={file.media_type} />
        </Fact>
        <Fact name={texts.size}>{bytes(file.size_bytes)}</Fact>
        <Fact name={texts.added}>{dateTime(file.created_at)}</Fact>
        <Fact name={texts.changed}>{dateTime(file.changed_at)}</Fact>
        <Fact name="ID">
          <IdText value={file.id} />
        </Fact>
        <Fact name={texts.task}>
          <IdText value={file.job_id} />
        </Fact>
        <Fact name={texts.checksum}>
          <IdText value={file.sha256} />
        </Fact>
      </FactList>
    </Panel>
  );
}
