import { Button, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { useList } from '../../api/use-list.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { LookupForm } from '../../components/lookup-form.tsx';
import { Panel } from '../../components/page.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { EntityTypeText } from './entity-type.tsx';
import { ENTITIES_PATH, type Entity, useEntity } from './graph-api.ts';
import { graphTexts } from './graph.texts.ts';

interface EntityPickerProps {
  /** What is chosen: the beginning or the end. */
  label: string;
  /** '' while none is chosen. */
  id: string;
  onChoose: (id: string) => void;
}

const MOST_SHOWN = 6;

/** Finds one entity and chooses it. */
export function EntityPicker({ label, id, onChoose }: EntityPickerProps) {
  const texts = useTexts(graphTexts);
  const { data: entity } = useEntity(id);
  const isChosen = id !== '';
  return (
    <Panel
      title={label}
      isPadded={isChosen}
      actions={
        isChosen ? (
          <Button
            size="compact-xs"
            variant="default"
            aria-label={`${label}: ${texts.change}`}
            onClick={() => onChoose('')}
          >
            {texts.change}
          </Button>
        ) : undefined
      }
    >
      {isChosen ? (
        <Group gap="sm">
          <Text fw={600}>{entity?.name ?? '…'}</Text>
          {entity ? <EntityTypeText type={entity.type} /> : null}
        </Group>
      ) : (
        <Choice label={label} onChoose={onChoose} />
      )}
    </Panel>
  );
}

function Choice({ label, onChoose }: Omit<EntityPickerProps, 'id'>) {
  const texts = useTexts(graphTexts);
  const [words, setWords] = useState('');
  const list = useList<Entity>(ENTITIES_PATH, { query: { q: words }, limit: MOST_SHOWN });
  const columns: Array<Column<Entity>> = [
    { key: 'name', header: texts.name, render: ({ name }) => name },
    { key: 'type', header: texts.type, render: ({ type }) => <EntityTypeText type={type} /> },
    {
      key: 'choose',
      header: '',
      align: 'end',
      render: ({ id, name }) => (
        <Button
          size="compact-xs"
          variant="default"
          aria-label={`${label}: ${texts.choose(name)}`}
          onClick={() => onChoose(id)}
        >
          {label}
        </Button>
      ),
    },
  ];
  return (
    <>
      <Group p="md" pb="xs">
        <LookupForm
          label={`${label}: ${texts.search}`}
          placeholder={texts.searchPlaceholder}
          submit={texts.find}
          onSubmit={setWords}
        />
      </Group>
      <DataTable
        label={`${label}: ${texts.entities}`}
        columns={columns}
        list={list}
        rowKey={({ id }) => id}
        empty={{ title: texts.noHits, hint: texts.noHitsHint }}
      />
    </>
  );
}
