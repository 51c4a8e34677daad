import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { type FormEvent, useEffect, useState, useSyncExternalStore } from 'react';
import { Icon } from '../../components/icon.tsx';
import { Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { StateBadge, type Tone } from '../../components/state-badge.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { FilterInputs, NO_FILTER } from './filter-inputs.tsx';
import { LineTable } from './line-table.tsx';
import { LogTail, type TailSnapshot } from './log-tail.ts';
import { logsTexts } from './logs.texts.ts';

const tones: Record<TailSnapshot['state'], Tone> = {
  off: 'neutral',
  connecting: 'info',
  following: 'ok',
  reconnecting: 'warning',
};

/** The log as it is being stored. */
export function LogTailView() {
  const texts = useTexts(logsTexts);
  const [filter, setFilter] = useState(NO_FILTER);
  const [tail] = useState(() => new LogTail());
  const snapshot = useSyncExternalStore(tail.subscribe, tail.read);
  useEffect(() => () => tail.stop(), [tail]);
  const isOn = snapshot.state !== 'off';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isOn) tail.stop();
    else tail.start(filter);
  };
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed" maw={760}>
        {texts.tailLead}
      </Text>
      <form onSubmit={submit} aria-label={texts.tabs.tail}>
        <Group gap="sm" align="flex-end">
          <FilterInputs filter={filter} onChange={setFilter} />
          <Button
            type="submit"
            variant={isOn ? 'default' : 'filled'}
            leftSection={<Icon name={isOn ? 'stop' : 'play'} size={14} />}
          >
            {isOn ? texts.stop : texts.start}
          </Button>
        </Group>
      </form>
      <Notes snapshot={snapshot} />
      <Panel
        title={texts.newest}
        isPadded={false}
        actions={
          <>
            <span role="status">
              <StateBadge tone={tones[snapshot.state]} label={texts.tailStates[snapshot.state]} />
            </span>
            <Button size="xs" variant="default" onClick={() => tail.clear()}>
              {texts.clear}
            </Button>
          </>
        }
      >
        <LineTable
          label={texts.newest}
          rows={snapshot.lines}
          empty={{ title: texts.tailEmpty, hint: isOn ? texts.tailEmptyHint : texts.tailOffHint }}
        />
      </Panel>
    </Stack>
  );
}

function Notes({ snapshot: { problem, droppedCount, hasGap } }: { snapshot: TailSnapshot }) {
  const texts = useTexts(logsTexts);
  const { count } = useFormats();
  return (
    <>
      {problem ? <ProblemAlert problem={problem} /> : null}
      {hasGap ? (
        <Alert color="yellow" variant="outline" icon={<Icon name="warning" />}>
          {texts.gap}
        </Alert>
      ) : null}
      {droppedCount > 0 ? (
        <Alert color="yellow" variant="outline" icon={<Icon name="warning" />}>
          {texts.dropped(count(droppedCount))}
        </Alert>
      ) : null}
    </>
  );
}
