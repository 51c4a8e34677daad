import { Anchor, Stack } from '@mantine/core';
import { Link, useSearchParams } from 'react-router';
import { type CursorList, useList } from '../../api/use-list.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Panel } from '../../components/page.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { CollectionSelect } from './collection-select.tsx';
import {
  COLLECTIONS_PATH,
  fileAddress,
  type FileFacts,
  FILES_PATH,
  isSettled,
  useFilesNamed,
} from './file-api.ts';
import { FileState } from './file-state.tsx';
import { FileType } from './file-type.tsx';
import { filesTexts } from './files.texts.ts';
import { UploadPanel } from './upload-panel.tsx';

/** A browser opens few connections to one host: so many files are followed at once, the others are read again. */
const MOST_FOLLOWED = 2;
const REFRESH_MS = 5000;

/** Uploads, and the files of the user or of one collection. */
export function FileList() {
  const texts = useTexts(filesTexts);
  const [params, setParams] = useSearchParams();
  const collectionId = params.get('collection') ?? '';
  return (
    <Stack gap="md">
      <CollectionSelect
        value={collectionId}
        description={texts.collectionHint}
        onChange={(id) => setParams(id === '' ? {} : { collection: id })}
      />
      <UploadPanel collectionId={collectionId} />
      <Panel isPadded={false}>
        {collectionId === '' ? <AllFiles /> : <CollectionFiles collectionId={collectionId} />}
      </Panel>
    </Stack>
  );
}

function AllFiles() {
  const texts = useTexts(filesTexts);
  const list = useList<FileFacts>(FILES_PATH, { everyMs: REFRESH_MS });
  return <FileTable list={list} empty={{ title: texts.empty, hint: texts.emptyHint }} />;
}

function CollectionFiles({ collectionId }: { collectionId: string }) {
  const texts = useTexts(filesTexts);
  const members = useList<{ file_id: string }>(`${COLLECTIONS_PATH}/${collectionId}/files`, {
    everyMs: REFRESH_MS,
  });
  const files = useFilesNamed(members.items?.map((member) => member.file_id) ?? []);
  const items =
    members.items && files
      ? members.items.map((member) => files.get(member.file_id)).filter((file) => file !== undefined)
      : undefined;
  const empty = { title: texts.emptyCollection, hint: texts.emptyCollectionHint };
  return <FileTable list={{ ...members, items }} empty={empty} />;
}

function FileTable({ list, empty }: { list: CursorList<FileFacts>; empty: { title: string; hint: string } }) {
  const texts = useTexts(filesTexts);
  const { bytes } = useFormats();
  const moving = (list.items ?? []).filter(({ status }) => !isSettled(status));
  // The oldest are processed first.
  const followed = new Set(moving.slice(-MOST_FOLLOWED).map(({ id }) => id));
  const columns: Array<Column<FileFacts>> = [
    {
      key: 'name',
      header: texts.name,
      render: ({ id, name }) => (
        <Anchor component={Link} to={fileAddress(id)} inherit fw={500}>
          {name}
        </Anchor>
      ),
    },
    { key: 'type', header: texts.type, render: (file) => <FileType mediaType={file.media_type} /> },
    { key: 'size', header: texts.size, align: 'end', render: (file) => bytes(file.size_bytes) },
    {
      key: 'state',
      header: texts.state,
      width: 240,
      render: (file) => <FileState file={file} isFollowed={followed.has(file.id)} />,
    },
    { key: 'added', header: texts.added, width: 150, render: (file) => <TimeAgo at={file.created_at} /> },
  ];
  return (
    <DataTable label={texts.tabs.list} columns={columns} list={list} rowKey={({ id }) => id} empty={empty} />
  );
}
