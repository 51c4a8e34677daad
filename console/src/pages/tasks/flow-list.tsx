import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import { useList } from '../../api/use-list.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Icon } from '../../components/icon.tsx';
import { Panel } from '../../components/page.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { FLOWS_PATH, type FlowSummary, type TaskState, taskStates } from './task-api.ts';
import { TaskBadge } from './task-state.tsx';
import classes from './tasks.module.css';
import { tasksTexts } from './tasks.texts.ts';

const REFRESH_MS = 3000;

/** The user's own flows, each as its steps in a line. */
export function FlowList() {
  const texts = useTexts(tasksTexts);
  const { columns: headers } = texts;
  const list = useList<FlowSummary>(FLOWS_PATH, { limit: 20, everyMs: REFRESH_MS });
  const columns: Array<Column<FlowSummary>> = [
    {
      key: 'flow',
      header: headers.flow,
      width: 180,
      render: ({ id }) => (
        <Anchor component={Link} to={`/tasks/flows/${id}`} inherit className="mono" title={id}>
          {`${id.slice(0, 8)}…${id.slice(-6)}`}
        </Anchor>
      ),
    },
    { key: 'steps', header: headers.steps, render: ({ steps }) => <StepLine steps={steps} /> },
    {
      key: 'created',
      header: headers.created,
      align: 'end',
      render: ({ created_at: at }) => <TimeAgo at={at} />,
    },
  ];
  return (
    <Panel title={texts.tabs.flows} isPadded={false}>
      <DataTable
        label={texts.tabs.flows}
        columns={columns}
        list={list}
        rowKey={({ id }) => id}
        empty={{ title: texts.noFlows, hint: texts.noFlowsHint }}
      />
    </Panel>
  );
}

function StepLine({ steps }: { steps: readonly TaskState[][] }) {
  const texts = useTexts(tasksTexts);
  return (
    <ol className={classes.line}>
      {steps.map((states, step) => (
        // Steps of a flow neither move nor go.
        <li key={step}>
          {step === 0 ? null : <Icon name="next" size={14} />}
          {states.length === 0
            ? texts.expired
            : taskStates
                .map((state) => ({ state, count: states.filter((each) => each === state).length }))
                .filter(({ count }) => count > 0)
                .map(({ state, count }) => <TaskBadge key={state} state={state} count={count} />)}
        </li>
      ))}
    </ol>
  );
}
