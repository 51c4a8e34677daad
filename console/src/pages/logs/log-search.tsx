import { Button, Group, NativeSelect, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useList } from '../../api/use-list.ts';
import { Icon } from '../../components/icon.tsx';
import { Panel } from '../../components/page.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { FilterInputs, type LineFilter, NO_FILTER } from './filter-inputs.tsx';
import { LineTable } from './line-table.tsx';
import type { LogLine } from './log-api.ts';
import { logsTexts } from './logs.texts.ts';

const MINUTE_MS = 60_000;
const windowsMs = {
  m15: 15 * MINUTE_MS,
  h1: 60 * MINUTE_MS,
  h24: 24 * 60 * MINUTE_MS,
  d7: 7 * 24 * 60 * MINUTE_MS,
  d30: 30 * 24 * 60 * MINUTE_MS,
};
type Window = keyof typeof windowsMs;

interface Search extends LineFilter {
  trace: string;
  window: Window;
}

const FIRST: Search = { ...NO_FILTER, trace: '', window: 'h24' };

/** Looks lines up by device, levels, trace, text and time. The period ends when the button is pressed. */
export function LogSearch() {
  const texts = useTexts(logsTexts);
  const [search, setSearch] = useState(FIRST);
  const [query, setQuery] = useState(() => queryOf(FIRST));
  const list = useList<LogLine>('/api/logs', { query, limit: 50 });
  const exported = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setQuery(queryOf(search));
  };
  return (
    <Stack gap="md">
      <form onSubmit={submit} role="search" aria-label={texts.tabs.search}>
        <Group gap="sm" align="flex-end">
          <FilterInputs filter={search} onChange={(filter) => setSearch({ ...search, ...filter })} />
          <TextInput
            label={texts.trace}
            value={search.trace}
            w={130}
            onChange={(event) => setSearch({ ...search, trace: event.currentTarget.value })}
          />
          <NativeSelect
            label={texts.window}
            value={search.window}
            w={150}
            onChange={(event) => setSearch({ ...search, window: event.currentTarget.value as Window })}
            data={Object.entries(texts.windows).map(([value, label]) => ({ value, label }))}
          />
          <Button type="submit" leftSection={<Icon name="search" size={14} />}>
            {texts.find}
          </Button>
        </Group>
      </form>
      <Panel
        title={texts.results}
        isPadded={false}
        actions={
          <Button
            component="a"
            href={`/api/logs/export?${exported.toString()}`}
            download
            size="xs"
            variant="default"
          >
            {texts.exportLines}
          </Button>
        }
      >
        <LineTable
          label={texts.results}
          list={list}
          empty={{ title: texts.noLines, hint: texts.noLinesHint }}
        />
      </Panel>
    </Stack>
  );
}

function queryOf({ device, levels, text, trace, window }: Search) {
  return {
    device_id: device.trim(),
    level: levels.join(','),
    q: text,
    trace_id: trace.trim(),
    from: new Date(Date.now() - windowsMs[window]).toISOString(),
  };
}
