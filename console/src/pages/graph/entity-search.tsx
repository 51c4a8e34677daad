import { Anchor, Button, Group, NativeSelect, Stack } from '@mantine/core';
import { Link, useSearchParams } from 'react-router';
import { useList } from '../../api/use-list.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Icon } from '../../components/icon.tsx';
import { LookupForm } from '../../components/lookup-form.tsx';
import { Page, Panel } from '../../components/page.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { EntityTypeText } from './entity-type.tsx';
import { ENTITIES_PATH, type Entity, entityAddress, entityTypes } from './graph-api.ts';
import { graphTexts } from './graph.texts.ts';

/** All entities of the user, or those that are looked for. */
export function EntitySearch() {
  const texts = useTexts(graphTexts);
  const [params, setParams] = useSearchParams();
  const words = params.get('q') ?? '';
  const type = params.get('type') ?? '';
  const change = (q: string, kind: string) =>
    setParams({ ...(q === '' ? {} : { q }), ...(kind === '' ? {} : { type: kind }) });
  return (
    <Page
      title={texts.title}
      lead={texts.lead}
      actions={
        <Button
          component={Link}
          to="/graph/path"
          size="xs"
          variant="default"
          leftSection={<Icon name="graph" size={14} />}
        >
          {texts.findPath}
        </Button>
      }
    >
      <Stack gap="md">
        <Group align="flex-end" gap="md">
          <LookupForm
            label={texts.search}
            placeholder={texts.searchPlaceholder}
            submit={texts.find}
            initial={words}
            onSubmit={(text) => change(text, type)}
          />
          <NativeSelect
            label={texts.type}
            value={type}
            data={[
              { value: '', label: texts.anyType },
              ...entityTypes.map((kind) => ({ value: kind, label: texts.types[kind] })),
            ]}
            onChange={(event) => change(words, event.currentTarget.value)}
          />
        </Group>
        <Panel isPadded={false}>
          <EntityTable words={words} type={type} />
        </Panel>
      </Stack>
    </Page>
  );
}

function EntityTable({ words, type }: { words: string; type: string }) {
  const texts = useTexts(graphTexts);
  const { count } = useFormats();
  const list = useList<Entity>(ENTITIES_PATH, { query: { q: words, type } });
  const columns: Array<Column<Entity>> = [
    {
      key: 'name',
      header: texts.name,
      render: ({ id, name }) => (
        <Anchor component={Link} to={entityAddress(id)} inherit fw={500}>
          {name}
        </Anchor>
      ),
    },
    { key: 'type', header: texts.type, render: (entity) => <EntityTypeText type={entity.type} /> },
    {
      key: 'mentions',
      header: texts.mentions,
      align: 'end',
      render: (entity) => count(entity.mention_count),
    },
  ];
  const isSearch = words !== '' || type !== '';
  return (
    <DataTable
      label={texts.entities}
      columns={columns}
      list={list}
      rowKey={({ id }) => id}
      empty={
        isSearch
          ? { title: texts.noHits, hint: texts.noHitsHint }
          : { title: texts.empty, hint: texts.emptyHint }
      }
    />
  );
}
