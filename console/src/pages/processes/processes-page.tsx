import { Alert, Text } from '@mantine/core';
import { useRead } from '../../api/use-read.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Icon } from '../../components/icon.tsx';
import { Page, Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { StateBadge, type Tone } from '../../components/state-badge.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { type Formats } from '../../i18n/formats.ts';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import classes from './processes-page.module.css';
import { processesTexts } from './processes.texts.ts';

interface Process {
  id: string;
  name: string;
  role: 'api' | 'worker';
  host: string;
  pid: number;
  version: string;
  started_at: string;
  last_seen_at: string;
  state: keyof typeof tones;
  reason: string | null;
  queues: Array<{ name: string; concurrency: number; active: number }>;
  current_work: Array<{ kind: string; id: string; since: string }>;
  last_progress_at: string | null;
  event_loop_lag_ms: number | null;
  rss_bytes: number | null;
  is_connected_to_redis: boolean | null;
}

interface ProcessList {
  items: Process[];
  is_current?: boolean;
  age_ms?: number;
}

type Words = typeof processesTexts.en;

const tones = { alive: 'ok', stuck: 'failing', lost: 'failing' } as const satisfies Record<string, Tone>;
const REFRESH_MS = 3000;
const SHOWN_WORK = 3;
/** A process that was held up longer than this may have missed heartbeats. */
const LONG_LAG_MS = 1000;

/** What each process is, what it works on, and whether it gets on. */
export default function ProcessesPage() {
  const texts = useTexts(processesTexts);
  const formats = useFormats();
  const read = useRead<ProcessList>('/api/admin/processes', { everyMs: REFRESH_MS });
  return (
    <Page title={texts.title} lead={texts.lead}>
      {read.error ? <ProblemAlert problem={read.error} onRetry={() => void read.refetch()} /> : null}
      {read.data?.is_current === false ? (
        <Alert color="yellow" variant="outline" icon={<Icon name="warning" />}>
          {texts.stale(formats.duration(read.data.age_ms))}
        </Alert>
      ) : null}
      {read.error && !read.data ? null : (
        <Panel isPadded={false}>
          <DataTable
            label={texts.title}
            columns={makeColumns(texts, formats)}
            rows={read.data?.items}
            rowKey={({ id }) => id}
            empty={{ title: texts.empty, hint: texts.emptyHint }}
          />
        </Panel>
      )}
    </Page>
  );
}

function makeColumns(texts: Words, { bytes, duration }: Formats): Array<Column<Process>> {
  return [
    {
      key: 'process',
      header: texts.process,
      render: ({ name, version }) => (
        <>
          <Text size="sm" fw={600}>
            {name}
          </Text>
          <Text size="xs" c="dimmed">
            {version}
          </Text>
        </>
      ),
    },
    { key: 'state', header: texts.state, render: (process) => <State process={process} /> },
    {
      key: 'work',
      header: texts.work,
      render: ({ current_work: work }) => <Work work={work} />,
    },
    { key: 'queues', header: texts.queues, render: ({ queues }) => <Queues queues={queues} /> },
    {
      key: 'progress',
      header: texts.progress,
      render: (process) => <TimeAgo at={process.last_progress_at} />,
    },
    { key: 'seen', header: texts.seen, render: (process) => <TimeAgo at={process.last_seen_at} /> },
    { key: 'started', header: texts.started, render: (process) => <TimeAgo at={process.started_at} /> },
    {
      key: 'lag',
      header: texts.lag,
      align: 'end',
      render: ({ event_loop_lag_ms: lag }) => (
        <span className={(lag ?? 0) > LONG_LAG_MS ? classes.long : undefined}>{duration(lag)}</span>
      ),
    },
    { key: 'memory', header: texts.memory, align: 'end', render: (process) => bytes(process.rss_bytes) },
    {
      key: 'host',
      header: texts.host,
      render: ({ host, pid, is_connected_to_redis: isConnected }) => (
        <>
          <span className="mono">
            {host} {pid}
          </span>
          {isConnected === false ? (
            <Text size="xs" className={classes.long}>
              {texts.redis}: {texts.disconnected}
            </Text>
          ) : null}
        </>
      ),
    },
  ];
}

function State({ process }: { process: Process }) {
  const { states } = useTexts(processesTexts);
  return (
    <div className={classes.state}>
      <StateBadge tone={tones[process.state]} label={states[process.state]} />
      {process.reason === null ? null : (
        <Text size="xs" lang="en">
          {process.reason}
        </Text>
      )}
    </div>
  );
}

/** The oldest work first, since that is what may hang. */
function Work({ work }: { work: Process['current_work'] }) {
  const texts = useTexts(processesTexts);
  if (work.length === 0) return <span className={classes.quiet}>{texts.idle}</span>;
  return (
    <ul className={classes.work}>
      {work.slice(0, SHOWN_WORK).map(({ kind, id, since }) => (
        <li key={`${kind} ${id}`}>
          {kind} <span className="mono">{id}</span>{' '}
          <span className={classes.quiet}>
            · <TimeAgo at={since} />
          </span>
        </li>
      ))}
      {work.length > SHOWN_WORK ? (
        <li className={classes.quiet}>{texts.more(work.length - SHOWN_WORK)}</li>
      ) : null}
    </ul>
  );
}

/** The busy queues by name, the others as a number. */
function Queues({ queues }: { queues: Process['queues'] }) {
  const texts = useTexts(processesTexts);
  if (queues.length === 0) return <span className={classes.quiet}>—</span>;
  const busy = queues.filter(({ active }) => active > 0);
  return (
    <div
      title={queues.map(({ name, active, concurrency }) => `${name}: ${active}/${concurrency}`).join('\n')}
    >
      {texts.allQueues(queues.length)}
      {busy.map(({ name, active, concurrency }) => (
        <Text key={name} size="xs" c="dimmed">
          {name}: {texts.running(active, concurrency)}
        </Text>
      ))}
    </div>
  );
}
