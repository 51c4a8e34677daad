import { Paper, SimpleGrid, Title } from '@mantine/core';
import { useMemo } from 'react';
import { LivePlot, type PlotLine, type PlotSource } from '../../components/live-plot.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { useLiveStore } from '../../live/live.tsx';
import type { LiveStore } from '../../live/live-store.ts';
import type { Overview, QueueState } from '../../live/overview.ts';
import { overviewTexts } from './overview.texts.ts';
import classes from './overview-page.module.css';

type Measure = (overview: Overview) => number | null;
type Format = (value: number | null) => string;

/** What each line of a plot is read from. They are fixed, so a plot is made once and only moves. */
const measures = {
  turns: [(overview) => overview.rates.turns_per_s],
  requests: [(overview) => overview.rates.requests_per_s, (overview) => overview.rates.errors_per_s],
  saveLag: [(overview) => overview.save_lag_ms],
  logs: [(overview) => overview.rates.logs_per_s],
  coins: [({ rates }) => (rates.coins_per_s === null ? null : Number(rates.coins_per_s))],
  latency: [(overview) => overview.latency_ms.p50, (overview) => overview.latency_ms.p95],
  queues: [sumOf('waiting'), sumOf('active'), sumOf('delayed')],
} satisfies Record<string, Measure[]>;

/** The last minutes of what the live stream told. */
export function Plots({ overview }: { overview: Overview | null }) {
  const { plots, lines } = useTexts(overviewTexts);
  const { number, duration, count } = useFormats();
  const rate: Format = (value) => number(value, value !== null && value < 10 ? 2 : 0);
  const line = (label: string, color = '--tone-info') => ({ label, color });
  const common = { overview };
  return (
    <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="md">
      <PlotCard
        {...common}
        title={plots.turns}
        measures={measures.turns}
        lines={[line(lines.turns)]}
        format={rate}
      />
      <PlotCard
        {...common}
        title={plots.requests}
        measures={measures.requests}
        lines={[line(lines.requests), line(lines.errors, '--tone-failing')]}
        format={rate}
      />
      <PlotCard
        {...common}
        title={plots.latency}
        measures={measures.latency}
        lines={[line(lines.p50), line(lines.p95, '--tone-warning')]}
        format={duration}
      />
      <PlotCard
        {...common}
        title={plots.saveLag}
        measures={measures.saveLag}
        lines={[line(lines.saveLag)]}
        format={duration}
      />
      <PlotCard
        {...common}
        title={plots.logs}
        measures={measures.logs}
        lines={[line(lines.logs)]}
        format={rate}
      />
      <PlotCard
        {...common}
        title={plots.coins}
        measures={measures.coins}
        lines={[line(lines.coins)]}
        format={rate}
      />
      <PlotCard
        {...common}
        title={plots.queues}
        isWide
        smallestTop={4}
        measures={measures.queues}
        lines={[
          line(lines.waiting, '--tone-warning'),
          line(lines.active),
          line(lines.delayed, '--tone-neutral'),
        ]}
        format={count}
      />
    </SimpleGrid>
  );
}

interface PlotCardProps {
  title: string;
  measures: readonly Measure[];
  lines: readonly PlotLine[];
  format: Format;
  overview: Overview | null;
  /** It takes a whole row. */
  isWide?: boolean;
  smallestTop?: number;
}

/** A plot under its title and newest values. */
function PlotCard({ title, measures, lines, format, overview, isWide, smallestTop = 1 }: PlotCardProps) {
  const store = useLiveStore();
  const source = useMemo(() => sourceOf(store, measures), [store, measures]);
  return (
    <Paper withBorder component="section" className={classes.plot} aria-label={title} data-wide={isWide}>
      <div className={classes.plotHead}>
        <Title order={2} size="h4" fz={13} fw={600}>
          {title}
        </Title>
        <div className={classes.legend}>
          {lines.map(({ label, color }, index) => (
            <span key={label}>
              {lines.length > 1 ? (
                <>
                  <i style={{ background: `var(${color})` }} aria-hidden="true" /> {label}{' '}
                </>
              ) : null}
              <b>{format(overview ? (measures[index]?.(overview) ?? null) : null)}</b>
            </span>
          ))}
        </div>
      </div>
      <LivePlot label={title} lines={lines} source={source} format={format} smallestTop={smallestTop} />
    </Paper>
  );
}

function sourceOf(store: LiveStore, measures: readonly Measure[]): PlotSource {
  return {
    subscribe: store.subscribe,
    read: () => [
      store.history.map((overview) => Date.parse(overview.at) / 1000),
      ...measures.map((measure) => store.history.map(measure)),
    ],
  };
}

/** The sum over all queues; null if not one can be counted. */
function sumOf(state: 'waiting' | 'active' | 'delayed'): Measure {
  return ({ queues }) => {
    const counts = queues.map((queue: QueueState) => queue[state]).filter((count) => count !== null);
    return counts.length === 0 ? null : counts.reduce((total, count) => total + count, 0);
  };
}
