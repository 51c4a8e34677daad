import { Anchor, Button, Group, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { api } from '../../api/client.ts';
import { useReread } from '../../api/use-action.ts';
import { useList } from '../../api/use-list.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { Icon } from '../../components/icon.tsx';
import { Panel } from '../../components/page.tsx';
import { useReasonDialog } from '../../components/reason-dialog.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { useNotices } from '../../notices/notices.tsx';
import { type Collection, COLLECTIONS_PATH } from './file-api.ts';
import { filesTexts } from './files.texts.ts';

const LONGEST_NAME = 100;

/** The user's collections: made, renamed, deleted. */
export function CollectionList() {
  const texts = useTexts(filesTexts);
  const { count } = useFormats();
  const [isOpen, setOpen] = useState(false);
  const list = useList<Collection>(COLLECTIONS_PATH);
  const columns: Array<Column<Collection>> = [
    {
      key: 'name',
      header: texts.name,
      render: ({ id, name }) => (
        <Anchor component={Link} to={`/files/list?collection=${id}`} inherit fw={500}>
          {name}
        </Anchor>
      ),
    },
    { key: 'files', header: texts.files, align: 'end', render: (row) => count(row.file_count) },
    { key: 'added', header: texts.added, render: (row) => <TimeAgo at={row.created_at} /> },
    { key: 'actions', header: texts.actions, align: 'end', render: (row) => <Actions collection={row} /> },
  ];
  return (
    <Panel
      title={texts.collections}
      isPadded={false}
      actions={
        <Button size="xs" leftSection={<Icon name="plus" size={14} />} onClick={() => setOpen(true)}>
          {texts.newCollection}
        </Button>
      }
    >
      <DataTable
        label={texts.collections}
        columns={columns}
        list={list}
        rowKey={({ id }) => id}
        empty={{ title: texts.noCollections, hint: texts.noCollectionsHint }}
      />
      {isOpen ? <NewCollection onClose={() => setOpen(false)} /> : null}
    </Panel>
  );
}

function Actions({ collection: { id, name } }: { collection: Collection }) {
  const texts = useTexts(filesTexts);
  const ask = useReasonDialog();
  const reread = useReread();
  const { say } = useNotices();
  const [isOpen, setOpen] = useState(false);
  const remove = () =>
    ask({
      title: texts.removeCollection(name),
      description: texts.removeCollectionDescription,
      confirm: texts.remove,
      isDangerous: true,
      reason: 'none',
      act: async () => {
        await api.delete(`${COLLECTIONS_PATH}/${id}`);
        say(texts.collectionRemoved);
        await reread([COLLECTIONS_PATH]);
      },
    });
  return (
    <Group gap={6} justify="flex-end" wrap="nowrap">
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<Icon name="edit" size={13} />}
        aria-label={`${texts.rename}: ${name}`}
        onClick={() => setOpen(true)}
      >
        {texts.rename}
      </Button>
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<Icon name="trash" size={13} />}
        aria-label={`${texts.remove}: ${name}`}
        onClick={remove}
      >
        {texts.remove}
      </Button>
      {isOpen ? <RenameCollection id={id} name={name} onClose={() => setOpen(false)} /> : null}
    </Group>
  );
}

function NewCollection({ onClose }: { onClose: () => void }) {
  const texts = useTexts(filesTexts);
  const { say } = useNotices();
  return (
    <NameDialog
      title={texts.newCollection}
      confirm={texts.make}
      initial=""
      onClose={onClose}
      act={async (name) => {
        await api.post(COLLECTIONS_PATH, { name });
        say(texts.isMade(name));
      }}
    />
  );
}

function RenameCollection({ id, name, onClose }: { id: string; name: string; onClose: () => void }) {
  const texts = useTexts(filesTexts);
  return (
    <NameDialog
      title={texts.renameTitle(name)}
      confirm={texts.rename}
      initial={name}
      onClose={onClose}
      act={(renamed) => api.patch(`${COLLECTIONS_PATH}/${id}`, { name: renamed })}
    />
  );
}

interface NameDialogProps {
  title: string;
  confirm: string;
  initial: string;
  onClose: () => void;
  act: (name: string) => Promise<unknown>;
}

function NameDialog({ title, confirm, initial, onClose, act }: NameDialogProps) {
  const texts = useTexts(filesTexts);
  const reread = useReread();
  const [name, setName] = useState(initial);
  const wanted = name.trim();
  return (
    <FormDialog
      title={title}
      confirm={confirm}
      canSubmit={wanted !== ''}
      onClose={onClose}
      act={async () => {
        await act(wanted);
        await reread([COLLECTIONS_PATH]);
      }}
    >
      <TextInput
        label={texts.name}
        required
        data-autofocus
        maxLength={LONGEST_NAME}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
