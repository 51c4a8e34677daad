import { Alert, Button, Skeleton, Stack } from '@mantine/core';
import { useRead } from '../../api/use-read.ts';
import { Icon } from '../../components/icon.tsx';
import { Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { ModeBand } from './mode-band.tsx';
import { modeTones } from './mode-tones.ts';
import { type Scheduler, SCHEDULER_PATH } from './schedule-api.ts';
import classes from './schedules.module.css';
import { schedulesTexts } from './schedules.texts.ts';
import { useScheduleActions } from './use-schedule-actions.ts';

const REFRESH_MS = 5000;

/** Who drives the schedules, since when, and how it was over the last day. */
export function ModePanel() {
  const texts = useTexts(schedulesTexts);
  const actions = useScheduleActions();
  const read = useRead<Scheduler>(SCHEDULER_PATH, { everyMs: REFRESH_MS });
  const scheduler = read.data;
  const isDrilling = scheduler?.drill_until !== null && scheduler?.drill_until !== undefined;
  return (
    <Panel
      title={texts.mode.title}
      actions={
        isDrilling ? (
          <Button size="xs" variant="default" onClick={() => actions.endDrill.run()}>
            {texts.mode.endDrill}
          </Button>
        ) : (
          <Button
            size="xs"
            variant="default"
            leftSection={<Icon name="drill" size={14} />}
            onClick={actions.drill}
          >
            {texts.mode.drill}
          </Button>
        )
      }
    >
      <Stack gap="md">
        {read.error ? <ProblemAlert problem={read.error} onRetry={() => void read.refetch()} /> : null}
        {scheduler ? <ModeFacts scheduler={scheduler} /> : read.error ? null : <Skeleton height={44} />}
        <ModeBand current={scheduler?.mode} />
      </Stack>
    </Panel>
  );
}

function ModeFacts({ scheduler }: { scheduler: Scheduler }) {
  const { mode: texts, modes } = useTexts(schedulesTexts);
  return (
    <>
      {scheduler.is_lease_held ? null : (
        <Alert color="red" variant="outline" icon={<Icon name="warning" />}>
          {texts.nobody}
        </Alert>
      )}
      <dl className={classes.facts}>
        <div>
          <dt>{texts.now}</dt>
          <dd>
            <StateBadge tone={modeTones[scheduler.mode]} label={modes[scheduler.mode]} />
          </dd>
        </div>
        <div>
          <dt>{texts.since}</dt>
          <dd>
            <TimeAgo at={scheduler.since} />
          </dd>
        </div>
        <div>
          <dt>{texts.holder}</dt>
          <dd className="mono">{scheduler.lease_holder ?? '—'}</dd>
        </div>
        <div>
          <dt>{texts.epoch}</dt>
          <dd>{scheduler.epoch}</dd>
        </div>
        {scheduler.drill_until === null ? null : (
          <div>
            <dt>{texts.drillUntil}</dt>
            <dd>
              <TimeAgo at={scheduler.drill_until} />
            </dd>
          </div>
        )}
      </dl>
    </>
  );
}
