import { Anchor, Button, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { useAction } from '../../api/use-action.ts';
import type { Page } from '../../api/use-list.ts';
import { useRead } from '../../api/use-read.ts';
import { Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { type Collection, COLLECTIONS_PATH, filePath, FILES_PATH, useCollections } from './file-api.ts';
import { filesTexts } from './files.texts.ts';
import { addToCollection, takeFromCollection } from './uploads.ts';

/** The collections that a file is in, and those that it can be put into. */
export function FileCollections({ fileId }: { fileId: string }) {
  const texts = useTexts(filesTexts);
  const { data, error, refetch } = useRead<Page<Collection>>(`${filePath(fileId)}/collections`);
  const own = data?.items ?? [];
  const changes = [FILES_PATH, COLLECTIONS_PATH];
  const takeOut = useAction({ act: (id: string) => takeFromCollection(id, fileId), changes });
  const known = new Set(own.map(({ id }) => id));
  return (
    <Panel title={texts.collections}>
      {error && !data ? <ProblemAlert problem={error} onRetry={() => void refetch()} /> : null}
      <Stack gap="xs">
        {own.map(({ id, name }) => (
          <Group key={id} justify="space-between" gap="xs">
            <Anchor component={Link} to={`/files/list?collection=${id}`} size="sm">
              {name}
            </Anchor>
            <Button
              size="compact-xs"
              variant="default"
              aria-label={`${texts.takeOut}: ${name}`}
              onClick={() => takeOut.run(id)}
            >
              {texts.takeOut}
            </Button>
          </Group>
        ))}
        {data?.items.length === 0 ? (
          <Text size="sm" c="dimmed">
            {texts.inNone}
          </Text>
        ) : null}
        <AddForm fileId={fileId} known={known} />
      </Stack>
    </Panel>
  );
}

function AddForm({ fileId, known }: { fileId: string; known: ReadonlySet<string> }) {
  const texts = useTexts(filesTexts);
  const [chosen, setChosen] = useState('');
  const others = (useCollections().data ?? []).filter(({ id }) => !known.has(id));
  const add = useAction({
    act: (id: string) => addToCollection(id, fileId),
    changes: [FILES_PATH, COLLECTIONS_PATH],
  });
  if (others.length === 0) return null;
  const target = others.find(({ id }) => id === chosen) ?? others[0];
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (target) add.run(target.id);
      }}
    >
      <Group gap="xs" align="flex-end" wrap="nowrap">
        <NativeSelect
          size="xs"
          label={texts.addTo}
          value={target?.id ?? ''}
          data={others.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(event) => setChosen(event.currentTarget.value)}
        />
        <Button type="submit" size="xs" variant="default" loading={add.isRunning}>
          {texts.add}
        </Button>
      </Group>
    </form>
  );
}
