import { Paper } from '@mantine/core';
import { Link } from 'react-router';
import type { ReactNode } from 'react';
import type { Tone } from '../../components/state-badge.tsx';
import { textNamed } from '../../i18n/dictionary.ts';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import type { Overview } from '../../live/overview.ts';
import { overviewTexts } from './overview.texts.ts';
import classes from './overview-page.module.css';

interface FactProps {
  name: string;
  value: ReactNode;
  tone?: Tone | undefined;
  /** The page that says more. */
  to?: string;
}

/** What is up, and the counts that should be zero. */
export function Facts({ overview }: { overview: Overview | null }) {
  const texts = useTexts(overviewTexts);
  const { count, bytes } = useFormats();
  const { facts } = texts;
  const mode = overview?.scheduler?.mode ?? null;
  const processes = overview?.processes;
  const upDown = (state: 'up' | 'down' | undefined) =>
    state === undefined ? '—' : state === 'up' ? texts.up : texts.down;
  const toneOfDown = (state: 'up' | 'down' | undefined) => (state === 'down' ? 'failing' : undefined);
  const toneOf = (value: number | null | undefined, tone: Tone) => (value ? tone : undefined);
  return (
    <Paper withBorder component="dl" className={classes.facts}>
      <Fact name={facts.redis} value={upDown(overview?.redis)} tone={toneOfDown(overview?.redis)} />
      <Fact name={facts.mysql} value={upDown(overview?.mysql)} tone={toneOfDown(overview?.mysql)} />
      <Fact
        name={facts.scheduler}
        value={mode === null ? '—' : (textNamed(texts.modes, mode) ?? mode)}
        tone={mode === null || mode === 'redis' ? undefined : 'warning'}
        to="/schedules"
      />
      <Fact
        name={facts.alive}
        value={count(processes?.alive)}
        tone={processes?.alive === 0 ? 'failing' : undefined}
        to="/processes"
      />
      <Fact
        name={facts.stuck}
        value={count(processes?.stuck)}
        tone={toneOf(processes?.stuck, 'failing')}
        to="/processes"
      />
      <Fact
        name={facts.lost}
        value={count(processes?.lost)}
        tone={toneOf(processes?.lost, 'failing')}
        to="/processes"
      />
      <Fact
        name={facts.parked}
        value={count(overview?.parked_conversations)}
        tone={toneOf(overview?.parked_conversations, 'failing')}
      />
      <Fact
        name={facts.quarantined}
        value={count(overview?.quarantined_entries)}
        tone={toneOf(overview?.quarantined_entries, 'warning')}
      />
      <Fact name={facts.backlog} value={bytes(overview?.log_backlog_bytes)} />
    </Paper>
  );
}

function Fact({ name, value, tone, to }: FactProps) {
  return (
    <div className={classes.fact} data-tone={tone}>
      <dt>{to === undefined ? name : <Link to={to}>{name}</Link>}</dt>
      <dd>{value}</dd>
    </div>
  );
}
