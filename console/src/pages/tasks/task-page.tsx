import { Anchor, Skeleton } from '@mantine/core';
import { Link, useParams } from 'react-router';
import { useRead } from '../../api/use-read.ts';
import { Fact } from '../../components/fact-list.tsx';
import { Page } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { useUser } from '../../session/session.tsx';
import { type Envelope, type JobDetails, jobPath, type Task, taskOfJob, taskPath } from './task-api.ts';
import { TaskButton } from './task-buttons.tsx';
import { TaskFacts } from './task-facts.tsx';
import { TaskBadge } from './task-state.tsx';
import { tasksTexts } from './tasks.texts.ts';
import { useJobActions, useOwnTaskActions } from './use-task-actions.ts';

const REFRESH_MS = 2000;

/** One of the user's own tasks. */
export function TaskPage() {
  const { id = '' } = useParams();
  const texts = useTexts(tasksTexts);
  const { can } = useUser();
  const actions = useOwnTaskActions();
  const read = useRead<Task>(taskPath(id), { everyMs: REFRESH_MS });
  const task = read.data;
  return (
    <Page
      title={id}
      lead={
        <Anchor component={Link} to="/tasks/own" inherit>
          {texts.back.own}
        </Anchor>
      }
      actions={
        task ? (
          <>
            <TaskBadge state={task.state} />
            <TaskButton id={task.id} state={task.state} actions={actions} />
          </>
        ) : null
      }
    >
      {read.error ? <ProblemAlert problem={read.error} onRetry={() => void read.refetch()} /> : null}
      {task ? (
        <TaskFacts
          task={task}
          isFlowOpen
          more={
            can('operations') ? (
              <Fact name={texts.facts.operator}>
                <Anchor component={Link} to={`/tasks/jobs/${task.id}`} inherit>
                  {texts.showAsOperator}
                </Anchor>
              </Fact>
            ) : null
          }
        />
      ) : read.error ? null : (
        <Skeleton height={240} />
      )}
    </Page>
  );
}

/** Anybody's task, for operators: with the user and the stack of its error. */
export function JobPage() {
  const { id = '' } = useParams();
  const texts = useTexts(tasksTexts);
  const user = useUser();
  const actions = useJobActions();
  const read = useRead<Envelope<JobDetails>>(jobPath(id), { everyMs: REFRESH_MS });
  const job = read.data?.data;
  return (
    <Page
      title={id}
      lead={
        <Anchor
          component={Link}
          to={job ? `/tasks/queues/${job.queue_name}?state=${job.status}` : '/tasks'}
          inherit
        >
          {job ? texts.jobsOf(job.queue_name) : texts.back.queues}
        </Anchor>
      }
      actions={
        job ? (
          <>
            <TaskBadge state={job.status} />
            <TaskButton id={job.job_id} state={job.status} actions={actions} />
          </>
        ) : null
      }
    >
      {read.error ? <ProblemAlert problem={read.error} onRetry={() => void read.refetch()} /> : null}
      {job ? (
        <TaskFacts
          task={taskOfJob(job)}
          userId={job.user_id}
          stack={job.exc_info}
          isFlowOpen={job.user_id === user.id}
        />
      ) : read.error ? null : (
        <Skeleton height={240} />
      )}
    </Page>
  );
}
