import { Button, NativeSelect, Text } from '@mantine/core';
import { useState } from 'react';
import { useList } from '../../api/use-list.ts';
import { CoinAmount } from '../../components/coin-amount.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { IdText } from '../../components/id-text.tsx';
import { Panel } from '../../components/page.tsx';
import { StateBadge, type Tone } from '../../components/state-badge.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { DecisionDialog } from './decision-dialog.tsx';
import { marketplaceTexts } from './marketplace.texts.ts';
import { type Task, type TaskState, TASKS_PATH, taskStates } from './task-api.ts';

const tones: Record<TaskState, Tone> = {
  disputed: 'warning',
  open: 'info',
  accepted: 'info',
  delivered: 'info',
  settling: 'info',
  completed: 'ok',
  cancelled: 'neutral',
  posting: 'neutral',
};

/** Tasks in one state; the disputed ones first, since they wait for an operator. */
export function TaskList() {
  const texts = useTexts(marketplaceTexts);
  const [state, setState] = useState<string>('disputed');
  const [decided, setDecided] = useState<Task | null>(null);
  const list = useList<Task>(TASKS_PATH, { query: { state } });
  return (
    <Panel
      title={texts.tabs.tasks}
      isPadded={false}
      actions={
        <NativeSelect
          size="xs"
          aria-label={texts.state}
          value={state}
          onChange={(event) => setState(event.currentTarget.value)}
          data={taskStates.map((value) => ({ value, label: texts.states[value] }))}
        />
      }
    >
      <DataTable
        label={texts.tabs.tasks}
        columns={useColumns(setDecided)}
        list={list}
        rowKey={({ id }) => id}
        empty={{
          title: state === 'disputed' ? texts.noDisputes : texts.noTasks,
          hint: texts.noTasksHint,
        }}
      />
      {decided ? <DecisionDialog taskId={decided.id} onClose={() => setDecided(null)} /> : null}
    </Panel>
  );
}

function useColumns(decide: (task: Task) => void): Array<Column<Task>> {
  const texts = useTexts(marketplaceTexts);
  return [
    {
      key: 'task',
      header: texts.task,
      render: (task) => (
        <>
          <Text size="sm" fw={500}>
            {task.title}
          </Text>
          {task.dispute_reason === null ? null : (
            <Text size="xs" c="dimmed" lineClamp={2}>
              {texts.dispute}: {task.dispute_reason}
            </Text>
          )}
        </>
      ),
    },
    {
      key: 'state',
      header: texts.state,
      render: ({ state }) => <StateBadge tone={tones[state]} label={texts.states[state]} />,
    },
    {
      key: 'reward',
      header: texts.reward,
      align: 'end',
      render: ({ reward }) => <CoinAmount value={reward} />,
    },
    { key: 'poster', header: texts.poster, render: (task) => <IdText value={task.poster_id} /> },
    { key: 'expert', header: texts.expert, render: (task) => <IdText value={task.expert_id} /> },
    { key: 'deadline', header: texts.deadline, render: (task) => <TimeAgo at={task.deadline_at} /> },
    {
      key: 'actions',
      header: texts.actions,
      align: 'end',
      render: (task) =>
        task.state === 'disputed' ? (
          <Button
            size="compact-xs"
            variant="default"
            aria-label={`${texts.decide}: ${task.title}`}
            onClick={() => decide(task)}
          >
            {texts.decide}
          </Button>
        ) : null,
    },
  ];
}
