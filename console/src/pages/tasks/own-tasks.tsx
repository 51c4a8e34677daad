import { Anchor, NativeSelect, Text } from '@mantine/core';
import { Link, useSearchParams } from 'react-router';
import { useList } from '../../api/use-list.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Panel } from '../../components/page.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { type Task, TASKS_PATH, taskStates } from './task-api.ts';
import { TaskButton } from './task-buttons.tsx';
import { TaskBadge, TaskReason } from './task-state.tsx';
import { tasksTexts } from './tasks.texts.ts';
import { useOwnTaskActions } from './use-task-actions.ts';

const REFRESH_MS = 3000;

/** The user's own tasks, in one state or in any. */
export function OwnTasks() {
  const texts = useTexts(tasksTexts);
  const [params, setParams] = useSearchParams();
  const state = taskStates.find((candidate) => candidate === params.get('state')) ?? '';
  const list = useList<Task>(TASKS_PATH, { query: { state }, everyMs: REFRESH_MS });
  return (
    <Panel
      title={texts.tabs.own}
      isPadded={false}
      actions={
        <NativeSelect
          size="xs"
          aria-label={texts.stateChoice}
          value={state}
          onChange={({ currentTarget: { value } }) =>
            setParams(value === '' ? {} : { state: value }, { replace: true })
          }
          data={[
            { value: '', label: texts.any },
            ...taskStates.map((value) => ({ value, label: texts.states[value] })),
          ]}
        />
      }
    >
      <DataTable
        label={texts.tabs.own}
        columns={useColumns()}
        list={list}
        rowKey={({ id }) => id}
        empty={{ title: texts.noTasks, hint: texts.noTasksHint }}
      />
    </Panel>
  );
}

function useColumns(): Array<Column<Task>> {
  const texts = useTexts(tasksTexts);
  const actions = useOwnTaskActions();
  const { columns: headers } = texts;
  return [
    {
      key: 'task',
      header: headers.task,
      render: ({ id, name, queue }) => (
        <>
          <Anchor component={Link} to={`/tasks/own/${id}`} inherit className="mono" title={id}>
            {`${id.slice(0, 8)}…${id.slice(-6)}`}
          </Anchor>
          <Text size="xs" c="dimmed">
            {`${name} · ${queue}`}
          </Text>
        </>
      ),
    },
    {
      key: 'state',
      header: headers.state,
      render: ({ state, reason }) => (
        <>
          <TaskBadge state={state} />
          <TaskReason reason={reason} />
        </>
      ),
    },
    { key: 'error', header: headers.error, isWrapped: false, render: ({ error }) => error?.message ?? '—' },
    {
      key: 'tries',
      header: headers.tries,
      align: 'end',
      render: (task) => `${task.failures} / ${task.max_retries + 1}`,
    },
    { key: 'priority', header: headers.priority, align: 'end', render: ({ priority }) => priority },
    { key: 'created', header: headers.created, render: (task) => <TimeAgo at={task.created_at} /> },
    { key: 'ended', header: headers.ended, render: (task) => <TimeAgo at={task.ended_at} /> },
    {
      key: 'actions',
      header: headers.actions,
      align: 'end',
      width: 120,
      render: ({ id, state }) => <TaskButton id={id} state={state} actions={actions} isInRow />,
    },
  ];
}
