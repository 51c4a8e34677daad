import 'uplot/dist/uPlot.min.css';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { useLanguage } from '../i18n/language.tsx';
import classes from './live-plot.module.css';

/** One line of a plot. */
export interface PlotLine {
  label: string;
  /** A CSS variable's name, so that it fits both themes: `--tone-info`. */
  color: string;
}

/** Where a plot takes its points from; asked at each event, without a render. */
export interface PlotSource {
  subscribe: (listener: () => void) => () => void;
  /** Seconds since 1970, then the values of each line; null where there is none. */
  read: () => uPlot.AlignedData;
}

interface LivePlotProps {
  /** What it shows, for screen readers; the newest value is added. */
  label: string;
  lines: readonly PlotLine[];
  source: PlotSource;
  format: (value: number | null) => string;
  height?: number;
  /** Where its scale ends while all values are smaller. */
  smallestTop?: number;
}

/** How much time a plot shows; the newest at its end. */
const WINDOW_S = 300;
const TICKS_S = [30, 60, 120, 300];

/** A plot that moves with its source. React makes it once; new points are handed to it directly. */
export function LivePlot({ label, lines, source, format, height = 120, smallestTop = 1 }: LivePlotProps) {
  const frame = useRef<HTMLDivElement>(null);
  const colorScheme = useComputedColorScheme('light');
  const { language } = useLanguage();
  const key = lines.map((line) => `${line.label} ${line.color}`).join(',');
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const plot = new uPlot(
      plotOptions({ lines, format, height, smallestTop, element }),
      source.read(),
      element,
    );
    const draw = () => {
      const data = source.read();
      plot.setData(data);
      element.setAttribute('aria-label', describe(label, lines, data, format));
    };
    draw();
    const unsubscribe = source.subscribe(draw);
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      unsubscribe();
      observer.disconnect();
      plot.destroy();
    };
    // Lines and formats are new objects at each render; what they say is in `key` and `language`.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [source, key, label, height, smallestTop, language, colorScheme]);
  return <div ref={frame} className={classes.plot} role="img" aria-label={label} style={{ height }} />;
}

interface PlotSetup {
  lines: readonly PlotLine[];
  format: (value: number | null) => string;
  height: number;
  smallestTop: number;
  element: HTMLElement;
}

function plotOptions({ lines, format, height, smallestTop, element }: PlotSetup): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color('--mantine-color-dimmed'),
    grid: { stroke: color('--console-line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  return {
    width: Math.max(element.clientWidth, 50),
    height,
    legend: { show: false },
    cursor: { y: false, points: { size: 5 } },
    padding: [6, 6, 0, 0],
    scales: {
      x: { time: true, range: (_plot, _min, max) => [max - WINDOW_S, max] },
      y: { range: (_plot, _min, max) => [0, niceTop(Math.max(max ?? 0, smallestTop))] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 22,
        space: 60,
        incrs: TICKS_S,
        values: (_plot, ticks) => ticks.map(clock),
      },
      { ...axis, size: 52, space: 34, values: (_plot, ticks) => ticks.map((tick) => format(tick)) },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        stroke: color(line.color),
        fill: lines.length === 1 ? `${color(line.color)}22` : '',
        width: 1.6,
        points: { show: false },
        spanGaps: false,
      })),
    ],
  };
}

/** A scale that ends at a round number and is never empty. */
function niceTop(max: number): number {
  const power = 10 ** Math.floor(Math.log10(max));
  const step = [1, 2, 4, 5, 10].find((factor) => factor * power >= max) ?? 10;
  return step * power;
}

function clock(seconds: number): string {
  const date = new Date(seconds * 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}${date.getSeconds() === 0 ? '' : `:${two(date.getSeconds())}`}`;
}

function describe(
  label: string,
  lines: readonly PlotLine[],
  data: uPlot.AlignedData,
  format: (value: number | null) => string,
): string {
  const newest = lines.map((line, index) => `${line.label} ${format(data[index + 1]?.at(-1) ?? null)}`);
  return `${label}: ${newest.join(', ')}`;
}
