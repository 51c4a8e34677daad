import { Anchor, Skeleton, Text } from '@mantine/core';
import { Link, useParams } from 'react-router';
import { useRead } from '../../api/use-read.ts';
import { Icon } from '../../components/icon.tsx';
import { Page, Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { type Flow, FLOWS_PATH, type Task } from './task-api.ts';
import { TaskButton } from './task-buttons.tsx';
import { TaskBadge, TaskReason } from './task-state.tsx';
import classes from './tasks.module.css';
import { tasksTexts } from './tasks.texts.ts';
import { useOwnTaskActions } from './use-task-actions.ts';

const REFRESH_MS = 2000;

/** One flow: its steps from left to right, and how each task of them stands. */
export function FlowPage() {
  const { id = '' } = useParams();
  const texts = useTexts(tasksTexts);
  const read = useRead<Flow>(`${FLOWS_PATH}/${encodeURIComponent(id)}`, { everyMs: REFRESH_MS });
  const flow = read.data;
  return (
    <Page
      title={`${texts.flowTitle} ${id.slice(0, 8)}…${id.slice(-6)}`}
      lead={
        <>
          <Anchor component={Link} to="/tasks/flows" inherit underline="always">
            {texts.back.flows}
          </Anchor>
          {flow ? ` · ${texts.facts.current} ${flow.current_step + 1} / ${flow.steps.length}` : ''}
        </>
      }
    >
      {read.error ? <ProblemAlert problem={read.error} onRetry={() => void read.refetch()} /> : null}
      {flow ? (
        <Panel>
          <Steps flow={flow} />
        </Panel>
      ) : read.error ? null : (
        <Skeleton height={200} />
      )}
    </Page>
  );
}

function Steps({ flow }: { flow: Flow }) {
  const texts = useTexts(tasksTexts);
  return (
    <div className={classes.scroll} role="region" aria-label={texts.flowLabel} tabIndex={0}>
      <ol className={classes.steps}>
        {flow.steps.map((tasks, step) => (
          // Steps of a flow neither move nor go.
          <li key={step} className={classes.step} data-is-current={step === flow.current_step}>
            <div className={classes.stepHead}>
              {texts.step(step + 1)}
              {step + 1 < flow.steps.length ? <Icon name="next" size={16} /> : null}
            </div>
            {tasks.length === 0 ? (
              <Text size="sm" c="dimmed">
                {texts.expired}
              </Text>
            ) : (
              <ul className={classes.tasks}>
                {tasks.map((task) => (
                  <TaskCard key={task.id} task={task} />
                ))}
              </ul>
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}

function TaskCard({ task }: { task: Task }) {
  const { duration } = useFormats();
  const actions = useOwnTaskActions();
  const { started_at: from, ended_at: to } = task;
  return (
    <li className={classes.card} data-state={task.state}>
      <div className={classes.cardHead}>
        <Anchor component={Link} to={`/tasks/own/${task.id}`} fw={500} size="sm">
          {task.name}
        </Anchor>
        <TaskBadge state={task.state} />
      </div>
      <TaskReason reason={task.reason} />
      {task.error === null ? null : (
        <Text size="xs" lineClamp={3}>
          {task.error.message}
        </Text>
      )}
      <div className={classes.cardHead}>
        <Text size="xs" c="dimmed" className="numbers">
          {from === null || to === null ? '' : duration(Math.max(0, Date.parse(to) - Date.parse(from)))}
        </Text>
        <TaskButton id={task.id} state={task.state} actions={actions} isInRow />
      </div>
    </li>
  );
}
