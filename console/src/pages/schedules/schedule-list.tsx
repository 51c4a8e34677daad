import { ActionIcon, Anchor, Button, Group, Text } from '@mantine/core';
import { Link } from 'react-router';
import { useList } from '../../api/use-list.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Icon } from '../../components/icon.tsx';
import { Page, Panel } from '../../components/page.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { HistoryStrip } from './history-strip.tsx';
import { ModePanel } from './mode-panel.tsx';
import { type Schedule, SCHEDULES_PATH } from './schedule-api.ts';
import { ScheduleBadge } from './schedule-state.tsx';
import classes from './schedules.module.css';
import { schedulesTexts } from './schedules.texts.ts';
import { SwitchList } from './switch-list.tsx';
import { useScheduleActions } from './use-schedule-actions.ts';

const REFRESH_MS = 5000;
const MOST_TASKS = 100;

/** All periodic tasks, and how they are driven. */
export function ScheduleList() {
  const texts = useTexts(schedulesTexts);
  const list = useList<Schedule>(SCHEDULES_PATH, { limit: MOST_TASKS, everyMs: REFRESH_MS });
  return (
    <Page title={texts.title} lead={texts.lead}>
      <ModePanel />
      <Panel title={texts.tasks} isPadded={false}>
        <DataTable
          label={texts.tasks}
          columns={useColumns()}
          list={list}
          rowKey={({ name }) => name}
          empty={{ title: texts.empty, hint: texts.emptyHint }}
        />
      </Panel>
      <SwitchList />
    </Page>
  );
}

function useColumns(): Array<Column<Schedule>> {
  const texts = useTexts(schedulesTexts);
  const actions = useScheduleActions();
  const { columns: headers } = texts;
  return [
    {
      key: 'task',
      header: headers.task,
      render: ({ name, description }) => (
        <div className={classes.description}>
          <Anchor component={Link} to={`/schedules/${name}`} inherit fw={500}>
            {name}
          </Anchor>
          <Text size="xs" c="dimmed" lang="en">
            {description}
          </Text>
        </div>
      ),
    },
    {
      key: 'cron',
      header: headers.cron,
      render: ({ cron }) => <span className={`mono ${classes.cron}`}>{cron}</span>,
    },
    { key: 'state', header: headers.state, render: (schedule) => <ScheduleBadge schedule={schedule} /> },
    {
      key: 'history',
      header: headers.history,
      align: 'end',
      render: (schedule) => <HistoryStrip schedule={schedule} />,
    },
    { key: 'last', header: headers.last, render: (schedule) => <TimeAgo at={schedule.last_ended_at} /> },
    { key: 'next', header: headers.next, render: (schedule) => <TimeAgo at={schedule.next_at} /> },
    {
      key: 'actions',
      header: headers.actions,
      align: 'end',
      render: ({ name, is_paused: isPaused }) => (
        <Group gap={6} justify="flex-end" wrap="nowrap">
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<Icon name="play" size={13} />}
            aria-label={`${texts.runNow}: ${name}`}
            onClick={() => actions.run.run(name)}
          >
            {texts.runNow}
          </Button>
          <ActionIcon
            size="sm"
            variant="default"
            title={isPaused ? texts.resume : texts.pause}
            aria-label={`${isPaused ? texts.resume : texts.pause}: ${name}`}
            onClick={() => (isPaused ? actions.resume(name) : actions.pause(name))}
          >
            <Icon name={isPaused ? 'retry' : 'pause'} size={13} />
          </ActionIcon>
        </Group>
      ),
    },
  ];
}
