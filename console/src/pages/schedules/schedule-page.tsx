import { Anchor, Button, Text } from '@mantine/core';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { useList } from '../../api/use-list.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Fact, FactList } from '../../components/fact-list.tsx';
import { Icon } from '../../components/icon.tsx';
import { Page, Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { textNamed } from '../../i18n/dictionary.ts';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { NotFoundPage } from '../../layout/error-pages.tsx';
import { CronDialog } from './cron-dialog.tsx';
import { HistoryStrip } from './history-strip.tsx';
import { type Schedule, schedulePath, SCHEDULES_PATH, type Slot } from './schedule-api.ts';
import { ScheduleBadge, SlotBadge } from './schedule-state.tsx';
import { schedulesTexts } from './schedules.texts.ts';
import { useScheduleActions } from './use-schedule-actions.ts';

const REFRESH_MS = 5000;
const MOST_TASKS = 100;

/** One task: what it is, when it is due, and its history slot by slot. */
export function SchedulePage() {
  const { name = '' } = useParams();
  const texts = useTexts(schedulesTexts);
  // The API has no route for one task: the list is short, and most often read already.
  const list = useList<Schedule>(SCHEDULES_PATH, { limit: MOST_TASKS, everyMs: REFRESH_MS });
  const schedule = list.items?.find((candidate) => candidate.name === name);
  if (list.items && !schedule) return <NotFoundPage />;
  return (
    <Page
      title={name}
      lead={
        <Anchor component={Link} to="/schedules" inherit>
          {texts.back}
        </Anchor>
      }
      actions={schedule ? <Actions schedule={schedule} /> : null}
    >
      {list.error ? <ProblemAlert problem={list.error} onRetry={list.reload} /> : null}
      {schedule ? <Facts schedule={schedule} /> : null}
      <Runs name={name} />
    </Page>
  );
}

function Actions({ schedule }: { schedule: Schedule }) {
  const texts = useTexts(schedulesTexts);
  const actions = useScheduleActions();
  const [isCronOpen, setCronOpen] = useState(false);
  const { name, is_paused: isPaused } = schedule;
  return (
    <>
      <ScheduleBadge schedule={schedule} />
      <Button
        size="xs"
        leftSection={<Icon name="play" size={14} />}
        loading={actions.run.isRunning}
        onClick={() => actions.run.run(name)}
      >
        {texts.runNow}
      </Button>
      <Button
        size="xs"
        variant="default"
        leftSection={<Icon name={isPaused ? 'retry' : 'pause'} size={14} />}
        onClick={() => (isPaused ? actions.resume(name) : actions.pause(name))}
      >
        {isPaused ? texts.resume : texts.pause}
      </Button>
      <Button
        size="xs"
        variant="default"
        leftSection={<Icon name="edit" size={14} />}
        onClick={() => setCronOpen(true)}
      >
        {texts.changeCron}
      </Button>
      <CronDialog schedule={schedule} isOpen={isCronOpen} onClose={() => setCronOpen(false)} />
    </>
  );
}

function Facts({ schedule }: { schedule: Schedule }) {
  const texts = useTexts(schedulesTexts);
  const { facts, columns, catchUps } = texts;
  return (
    <Panel>
      <FactList>
        <Fact name={facts.description}>
          <span lang="en">{schedule.description}</span>
        </Fact>
        <Fact name={facts.cron}>
          <span className="mono">{schedule.cron}</span>
        </Fact>
        {schedule.cron === schedule.default_cron ? null : (
          <Fact name={facts.defaultCron}>
            <span className="mono">{schedule.default_cron}</span>
          </Fact>
        )}
        <Fact name={columns.next}>
          <TimeAgo at={schedule.next_at} />
        </Fact>
        <Fact name={facts.lastSuccess}>
          <TimeAgo at={schedule.last_success_at} />
        </Fact>
        <Fact name={facts.catchUp}>{catchUps[schedule.catch_up]}</Fact>
        <Fact name={facts.priority}>{schedule.priority}</Fact>
        <Fact name={columns.history}>
          <HistoryStrip schedule={schedule} />
        </Fact>
      </FactList>
    </Panel>
  );
}

function Runs({ name }: { name: string }) {
  const texts = useTexts(schedulesTexts);
  const list = useList<Slot>(`${schedulePath(name)}/runs`, { everyMs: REFRESH_MS });
  return (
    <Panel title={texts.runs} isPadded={false}>
      <DataTable
        label={texts.runs}
        columns={useRunColumns()}
        list={list}
        rowKey={({ due_at: due, run_id: id }) => `${due} ${id}`}
        empty={{ title: texts.noRuns }}
      />
    </Panel>
  );
}

function useRunColumns(): Array<Column<Slot>> {
  const texts = useTexts(schedulesTexts);
  const { dateTime, duration, count } = useFormats();
  const { columns: headers, paths } = texts;
  return [
    { key: 'due', header: headers.due, render: (slot) => dateTime(slot.due_at) },
    { key: 'outcome', header: headers.outcome, render: (slot) => <Outcome slot={slot} /> },
    {
      key: 'path',
      header: headers.path,
      render: ({ path, is_caught_up: isCaughtUp }) =>
        isCaughtUp ? `${paths[path]}, ${texts.caughtUp}` : paths[path],
    },
    { key: 'lateness', header: headers.lateness, align: 'end', render: (slot) => duration(slot.lateness_ms) },
    { key: 'duration', header: headers.duration, align: 'end', render: (slot) => duration(slot.duration_ms) },
    { key: 'attempts', header: headers.attempts, align: 'end', render: (slot) => count(slot.attempts) },
    {
      key: 'result',
      header: headers.result,
      render: ({ result }) =>
        result === null
          ? '—'
          : Object.entries(result)
              .map(([key, value]) => `${key} ${count(value)}`)
              .join(', '),
    },
    {
      key: 'process',
      header: headers.process,
      render: ({ process }) => <span className="mono">{process ?? '—'}</span>,
    },
  ];
}

/** How a slot ended and why; the error's first line, all of it on hovering. */
function Outcome({ slot }: { slot: Slot }) {
  const texts = useTexts(schedulesTexts);
  const reason = slot.reason === null ? null : (textNamed(texts.reasons, slot.reason) ?? slot.reason);
  return (
    <>
      <SlotBadge state={slot.state} />
      {slot.slots !== null && slot.slots > 1 ? ` ${texts.slots(slot.slots)}` : null}
      {reason === null ? null : (
        <Text size="xs" c="dimmed">
          {reason}
        </Text>
      )}
      {slot.error === null ? null : (
        <Text size="xs" title={slot.error} maw={360} truncate>
          {slot.error.split('\n', 1)[0]}
        </Text>
      )}
    </>
  );
}
