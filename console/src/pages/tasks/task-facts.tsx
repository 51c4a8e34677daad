import { Anchor, SimpleGrid, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { Fact, FactList } from '../../components/fact-list.tsx';
import { IdText } from '../../components/id-text.tsx';
import { JsonView } from '../../components/json-view.tsx';
import { Panel } from '../../components/page.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import type { Task } from './task-api.ts';
import { TaskReason } from './task-state.tsx';
import { tasksTexts } from './tasks.texts.ts';

interface TaskFactsProps {
  task: Task;
  /** Only operators know whose it is, … */
  userId?: string;
  /** … and where it failed. */
  stack?: string | null;
  /** Whether the reader may open the flow: one of the reader's own. */
  isFlowOpen: boolean;
  /** Further lines below the first. */
  more?: ReactNode;
}

/** All that is known of one task. */
export function TaskFacts(props: TaskFactsProps) {
  const { task } = props;
  const texts = useTexts(tasksTexts);
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      <Stack gap="md">
        <Origin {...props} />
        <Times task={task} />
        <Options task={task} />
      </Stack>
      <Stack gap="md">
        <Failure {...props} />
        {task.state === 'finished' ? (
          <Panel title={texts.result}>
            <JsonView value={task.result ?? null} label={texts.result} />
          </Panel>
        ) : null}
        <Panel title={texts.payload}>
          <JsonView value={task.payload ?? null} label={texts.payload} maxHeight={220} />
        </Panel>
      </Stack>
    </SimpleGrid>
  );
}

function Origin({ task, userId, isFlowOpen, more }: TaskFactsProps) {
  const texts = useTexts(tasksTexts);
  const { facts, columns } = texts;
  return (
    <Panel title={task.name}>
      <FactList>
        <Fact name={facts.id}>
          <IdText value={task.id} />
        </Fact>
        <Fact name={columns.queue}>{task.queue}</Fact>
        {userId === undefined ? null : (
          <Fact name={facts.user}>
            <IdText value={userId} />
          </Fact>
        )}
        {task.subject_id === null ? null : (
          <Fact name={facts.subject}>
            <IdText value={task.subject_id} />
          </Fact>
        )}
        {task.flow_id === null ? null : (
          <Fact name={facts.flow}>
            {isFlowOpen ? (
              <Anchor component={Link} to={`/tasks/flows/${task.flow_id}`} inherit>
                {texts.stepOf((task.step ?? 0) + 1)}
              </Anchor>
            ) : (
              <>
                <IdText value={task.flow_id} /> {texts.stepOf((task.step ?? 0) + 1)}
              </>
            )}
          </Fact>
        )}
        {more}
      </FactList>
    </Panel>
  );
}

function Options({ task }: { task: Task }) {
  const texts = useTexts(tasksTexts);
  const { facts, columns } = texts;
  const { duration, count } = useFormats();
  return (
    <Panel title={texts.options}>
      <FactList>
        <Fact name={columns.priority}>{count(task.priority)}</Fact>
        <Fact name={facts.tries}>{texts.ofTries(task.failures, task.max_retries + 1)}</Fact>
        <Fact name={facts.runs}>{count(task.attempt)}</Fact>
        <Fact name={facts.nextTry}>{duration(task.retry_interval_ms)}</Fact>
        <Fact name={facts.timeout}>{duration(task.timeout_ms)}</Fact>
        <Fact name={facts.resultTtl}>{duration(task.result_ttl_ms)}</Fact>
        <Fact name={facts.failureTtl}>{duration(task.failure_ttl_ms)}</Fact>
      </FactList>
    </Panel>
  );
}

function Times({ task }: { task: Task }) {
  const texts = useTexts(tasksTexts);
  const { facts, columns } = texts;
  const { dateTime, duration } = useFormats();
  const between = (from: string | null, to: string | null) =>
    from === null || to === null ? '—' : duration(Math.max(0, Date.parse(to) - Date.parse(from)));
  return (
    <Panel title={texts.times}>
      <FactList>
        <Fact name={columns.created}>{dateTime(task.created_at)}</Fact>
        {task.due_at === null ? null : <Fact name={columns.due}>{dateTime(task.due_at)}</Fact>}
        <Fact name={columns.started}>{dateTime(task.started_at)}</Fact>
        <Fact name={columns.ended}>{dateTime(task.ended_at)}</Fact>
        <Fact name={facts.waited}>{between(task.due_at ?? task.created_at, task.started_at)}</Fact>
        <Fact name={facts.ran}>{between(task.started_at, task.ended_at)}</Fact>
        {task.expires_at === null ? null : <Fact name={facts.expires}>{dateTime(task.expires_at)}</Fact>}
      </FactList>
    </Panel>
  );
}

/** Why it failed or was cancelled, or why its last try did. */
function Failure({ task, stack = null }: TaskFactsProps) {
  const texts = useTexts(tasksTexts);
  const { error, reason } = task;
  if (error === null && stack === null && reason === null) return null;
  return (
    <Panel title={task.state === 'cancelled' ? texts.states.cancelled : texts.error}>
      <Stack gap="sm">
        <TaskReason reason={reason} />
        {error === null ? null : (
          <>
            <Text size="sm">{error.message}</Text>
            <Text size="xs" c="dimmed">
              {texts.facts.code} <span className="mono">{error.code}</span>
            </Text>
          </>
        )}
        {stack === null ? null : <JsonView value={stack} label={texts.stack} />}
      </Stack>
    </Panel>
  );
}
