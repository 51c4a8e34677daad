import { Alert, Anchor, Group, Stack, Text } from '@mantine/core';
import { Link, useSearchParams } from 'react-router';
import { useRead } from '../../api/use-read.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Icon } from '../../components/icon.tsx';
import { LookupForm } from '../../components/lookup-form.tsx';
import { Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { Snippet } from '../../components/snippet.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { CollectionSelect } from './collection-select.tsx';
import { fileAddress, SEARCH_PATH, type SearchAnswer, useFilesNamed } from './file-api.ts';
import { filesTexts } from './files.texts.ts';
import { PlaceText } from './place-text.tsx';

type Hit = SearchAnswer['items'][number];

const MOST_HITS = 20;

/** Looks for passages in the user's files, or in those of one collection. */
export function FileSearch() {
  const texts = useTexts(filesTexts);
  const [params, setParams] = useSearchParams();
  const words = params.get('q') ?? '';
  const collectionId = params.get('collection') ?? '';
  const change = (q: string, collection: string) =>
    setParams({ ...(q === '' ? {} : { q }), ...(collection === '' ? {} : { collection }) });
  return (
    <Stack gap="md">
      <Group align="flex-end" gap="md">
        <CollectionSelect value={collectionId} onChange={(id) => change(words, id)} />
        <LookupForm
          label={texts.search}
          placeholder={texts.searchPlaceholder}
          submit={texts.find}
          initial={words}
          onSubmit={(text) => change(text, collectionId)}
        />
      </Group>
      <Panel isPadded={false}>
        {words === '' ? (
          <EmptyState icon="search" title={texts.askFirst} hint={texts.askFirstHint} />
        ) : (
          <Hits words={words} collectionId={collectionId} />
        )}
      </Panel>
    </Stack>
  );
}

function Hits({ words, collectionId }: { words: string; collectionId: string }) {
  const texts = useTexts(filesTexts);
  const query = { q: words, collection_id: collectionId, limit: MOST_HITS };
  const { data, error, refetch } = useRead<SearchAnswer>(SEARCH_PATH, { query });
  const files = useFilesNamed(data?.items.map((hit) => hit.file_id) ?? []);
  if (error && !data) return <ProblemAlert problem={error} onRetry={() => void refetch()} />;
  const columns: Array<Column<Hit>> = [
    {
      key: 'file',
      header: texts.file,
      width: 260,
      render: (hit) => (
        <Anchor component={Link} to={fileAddress(hit.file_id, hit.position)} inherit fw={500}>
          {files?.get(hit.file_id)?.name ?? '…'}
        </Anchor>
      ),
    },
    { key: 'passage', header: texts.passage, render: ({ snippet }) => <Snippet html={snippet} /> },
    { key: 'place', header: texts.place, width: 220, render: (hit) => <PlaceText {...hit} /> },
  ];
  return (
    <>
      {data?.is_hybrid === false ? (
        <Alert color="yellow" variant="outline" icon={<Icon name="warning" />}>
          <Text size="sm">{texts.wordsOnly}</Text>
        </Alert>
      ) : null}
      <DataTable
        label={texts.hits}
        columns={columns}
        rows={data?.items}
        rowKey={(hit) => hit.chunk_id}
        empty={{ title: texts.noHits, hint: texts.noHitsHint }}
      />
    </>
  );
}
