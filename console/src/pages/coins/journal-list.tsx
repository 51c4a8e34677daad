import { Button, Group, NativeSelect, Text } from '@mantine/core';
import { useState } from 'react';
import type { EntryKind, JournalEntry } from '../../api/coins.ts';
import { useList } from '../../api/use-list.ts';
import { CoinAmount } from '../../components/coin-amount.tsx';
import { coinTexts } from '../../components/coin.texts.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { IdText } from '../../components/id-text.tsx';
import { Panel } from '../../components/page.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { textNamed } from '../../i18n/dictionary.ts';
import { useTexts } from '../../i18n/language.tsx';
import { coinsTexts } from './coins.texts.ts';

/** The journal of the account below `path`, the newest entry first. */
export function JournalList({ path }: { path: string }) {
  const texts = useTexts(coinsTexts);
  const { kinds } = useTexts(coinTexts);
  const [kind, setKind] = useState('');
  const list = useList<JournalEntry>(`${path}/journal`, { query: { kind } });
  return (
    <Panel
      title={texts.journal}
      isPadded={false}
      actions={
        <Group gap="xs">
          <NativeSelect
            size="xs"
            aria-label={texts.kind}
            value={kind}
            onChange={(event) => setKind(event.currentTarget.value)}
            data={[
              { value: '', label: texts.allKinds },
              ...Object.entries(kinds).map(([value, label]) => ({ value, label })),
            ]}
          />
          {path === '/api/coins' ? (
            <Button component="a" href="/api/coins/statement.csv" download size="xs" variant="default">
              {texts.statement}
            </Button>
          ) : null}
        </Group>
      }
    >
      <DataTable
        label={texts.journal}
        columns={useColumns(path !== '/api/coins')}
        list={list}
        rowKey={({ sequence }) => String(sequence)}
        empty={{ title: texts.noEntries }}
      />
    </Panel>
  );
}

function useColumns(hasActor: boolean): Array<Column<JournalEntry>> {
  const texts = useTexts(coinsTexts);
  const { kinds } = useTexts(coinTexts);
  const amounts: Array<[key: keyof JournalEntry & `${string}_delta`, header: string]> = [
    ['balance_delta', texts.balanceDelta],
    ['frozen_delta', texts.frozenDelta],
    ['debt_delta', texts.debtDelta],
  ];
  const actor: Column<JournalEntry> = {
    key: 'actor',
    header: texts.actor,
    render: (entry) => (entry.actor === 'system' ? texts.system : <IdText value={entry.actor} />),
  };
  return [
    { key: 'sequence', header: '#', align: 'end', width: 60, render: (entry) => entry.sequence },
    { key: 'kind', header: texts.kind, render: (entry) => kinds[entry.kind satisfies EntryKind] },
    ...amounts.map(([key, header]): Column<JournalEntry> => ({
      key,
      header,
      align: 'end',
      render: (entry) => <CoinAmount value={entry[key]} isSigned />,
    })),
    {
      key: 'after',
      header: texts.balanceAfter,
      align: 'end',
      render: (entry) => <CoinAmount value={entry.balance_after} />,
    },
    { key: 'about', header: texts.about, render: (entry) => <IdText value={entry.reference} /> },
    { key: 'note', header: texts.note, render: (entry) => <Note entry={entry} /> },
    ...(hasActor ? [actor] : []),
    { key: 'at', header: texts.at, render: (entry) => <TimeAgo at={entry.created_at} /> },
  ];
}

function Note({ entry: { reason, note } }: { entry: JournalEntry }) {
  const { reasons } = useTexts(coinsTexts);
  if (reason === null && note === null) return '—';
  return (
    <>
      {reason === null ? null : (textNamed(reasons, reason) ?? reason)}
      {note === null ? null : (
        <Text size="xs" c="dimmed" maw={260}>
          {note}
        </Text>
      )}
    </>
  );
}
