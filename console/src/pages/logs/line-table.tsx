import { Button, Modal, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { CursorList } from '../../api/use-list.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Fact, FactList } from '../../components/fact-list.tsx';
import { JsonView } from '../../components/json-view.tsx';
import { StateBadge, type Tone } from '../../components/state-badge.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import type { Level, LogLine } from './log-api.ts';
import { logsTexts } from './logs.texts.ts';

const tones: Record<Level, Tone> = {
  DEBUG: 'neutral',
  INFO: 'info',
  WARNING: 'warning',
  ERROR: 'failing',
  CRITICAL: 'failing',
};

interface LineTableProps {
  label: string;
  empty: { title: string; hint: string };
  list?: CursorList<LogLine>;
  rows?: readonly LogLine[];
}

/** Log lines below each other; one can be opened with all of its data. */
export function LineTable(props: LineTableProps) {
  const texts = useTexts(logsTexts);
  const { dateTime } = useFormats();
  const [opened, setOpened] = useState<LogLine | null>(null);
  const columns: Array<Column<LogLine>> = [
    { key: 'time', header: texts.time, width: 190, render: (line) => dateTime(line.created_at) },
    {
      key: 'level',
      header: texts.level,
      width: 110,
      render: (line) => <StateBadge tone={tones[line.log_level]} label={line.log_level} />,
    },
    {
      key: 'device',
      header: texts.device,
      width: 160,
      isWrapped: false,
      render: (line) => <span className="mono">{line.device_id}</span>,
    },
    {
      key: 'message',
      header: texts.message,
      render: (line) => (
        <Text size="sm" lineClamp={2}>
          {line.message}
        </Text>
      ),
    },
    {
      key: 'actions',
      header: texts.actions,
      align: 'end',
      width: 90,
      render: (line) => (
        <Button
          size="compact-xs"
          variant="default"
          aria-label={`${texts.show}: ${line.message.slice(0, 80)}`}
          onClick={() => setOpened(line)}
        >
          {texts.show}
        </Button>
      ),
    },
  ];
  return (
    <>
      <DataTable columns={columns} rowKey={({ id }) => id} {...props} />
      <Modal
        opened={opened !== null}
        onClose={() => setOpened(null)}
        title={texts.details}
        size="xl"
        closeButtonProps={{ 'aria-label': texts.close }}
      >
        {opened ? <LineDetails line={opened} /> : null}
      </Modal>
    </>
  );
}

function LineDetails({ line }: { line: LogLine }) {
  const texts = useTexts(logsTexts);
  const { dateTime } = useFormats();
  return (
    <Stack gap="md">
      <JsonView value={line.message} label={texts.message} />
      <FactList>
        <Fact name={texts.time}>{dateTime(line.created_at)}</Fact>
        <Fact name={texts.level}>{line.log_level}</Fact>
        <Fact name={texts.device}>{line.device_id}</Fact>
        {line.trace_id === null ? null : <Fact name={texts.trace}>{line.trace_id}</Fact>}
        {line.span_id === null ? null : <Fact name={texts.span}>{line.span_id}</Fact>}
      </FactList>
      {line.log_data ? (
        <JsonView value={line.log_data} label={texts.data} />
      ) : (
        <Text size="sm" c="dimmed">
          {texts.noData}
        </Text>
      )}
    </Stack>
  );
}
