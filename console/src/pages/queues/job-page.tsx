import { Anchor, Button, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core';
import { Link, useNavigate, useParams } from 'react-router';
import { useRead } from '../../api/use-read.ts';
import { Fact, FactList } from '../../components/fact-list.tsx';
import { Icon } from '../../components/icon.tsx';
import { JsonView } from '../../components/json-view.tsx';
import { Page, Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { StateBadge, type Tone } from '../../components/state-badge.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { type Job, jobPath, type JobState } from './queue-api.ts';
import { queuesTexts } from './queues.texts.ts';
import { useJobActions } from './use-queue-actions.ts';

const tones: Record<JobState, Tone> = {
  waiting: 'info',
  active: 'info',
  delayed: 'warning',
  failed: 'failing',
  completed: 'ok',
};
const REFRESH_MS = 5000;

/** All that is kept of one job. */
export function JobPage() {
  const { name = '', id = '' } = useParams();
  const texts = useTexts(queuesTexts);
  const read = useRead<Job>(jobPath(name, id), { everyMs: REFRESH_MS });
  const job = read.data;
  return (
    <Page
      title={id}
      lead={
        <>
          <Anchor component={Link} to={`/queues/${name}${job ? `?state=${job.state}` : ''}`} inherit>
            {texts.backToQueue}
          </Anchor>
          {` · ${name}`}
          {job ? ` · ${job.name}` : ''}
        </>
      }
      actions={job ? <JobActions queue={name} job={job} /> : null}
    >
      {read.error ? (
        <ProblemAlert problem={read.error} onRetry={() => void read.refetch()} />
      ) : job ? (
        <JobFacts job={job} />
      ) : (
        <Skeleton height={240} />
      )}
    </Page>
  );
}

function JobActions({ queue, job }: { queue: string; job: Job }) {
  const texts = useTexts(queuesTexts);
  const actions = useJobActions();
  const navigate = useNavigate();
  return (
    <>
      <StateBadge tone={tones[job.state]} label={texts.jobStates[job.state]} />
      {job.state === 'failed' ? (
        <Button
          size="xs"
          leftSection={<Icon name="retry" size={14} />}
          onClick={() => actions.retryJob(queue, job.id)}
        >
          {texts.retry}
        </Button>
      ) : null}
      {job.state === 'active' ? null : (
        <Button
          size="xs"
          variant="default"
          leftSection={<Icon name="trash" size={14} />}
          onClick={() => actions.removeJob(queue, job.id, () => void navigate(`/queues/${queue}`))}
        >
          {texts.remove}
        </Button>
      )}
    </>
  );
}

function JobFacts({ job }: { job: Job }) {
  const texts = useTexts(queuesTexts);
  const { dateTime, duration } = useFormats();
  const { columns } = texts;
  const between = (from: string | null, to: string | null) =>
    from === null || to === null ? '—' : duration(Math.max(0, Date.parse(to) - Date.parse(from)));
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      <Stack gap="md">
        <Panel title={texts.times}>
          <FactList>
            <Fact name={columns.attempts}>{`${job.attempts} / ${job.max_attempts}`}</Fact>
            <Fact name={columns.created}>{dateTime(job.created_at)}</Fact>
            {job.due_at === null ? null : <Fact name={columns.due}>{dateTime(job.due_at)}</Fact>}
            <Fact name={columns.started}>{dateTime(job.started_at)}</Fact>
            <Fact name={columns.ended}>{dateTime(job.ended_at)}</Fact>
            <Fact name={texts.waited}>{between(job.created_at, job.started_at)}</Fact>
            <Fact name={texts.ran}>{between(job.started_at, job.ended_at)}</Fact>
          </FactList>
        </Panel>
        <Panel title={texts.data}>
          <JsonView value={job.data ?? null} label={texts.data} />
          {job.is_data_cut ? (
            <Text size="xs" c="dimmed" mt="xs">
              {texts.dataCut}
            </Text>
          ) : null}
        </Panel>
      </Stack>
      {job.error === null ? null : (
        <Panel title={texts.error}>
          <Stack gap="sm">
            <Text size="sm">{job.error}</Text>
            {job.stack === null ? null : <JsonView value={job.stack} label={texts.stack} />}
          </Stack>
        </Panel>
      )}
    </SimpleGrid>
  );
}
