/** One line of what Prometheus reads. */
interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What `/metrics` has answered. */
export class MetricsText {
  readonly series: readonly Series[];

  constructor(readonly text: string) {
    this.series = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(readSeries);
  }

  /** The series of a name that have at least these labels. */
  find(name: string, labels: Record<string, string> = {}): Series[] {
    return this.series.filter(
      (series) =>
        series.name === name &&
        Object.entries(labels).every(([label, value]) => series.labels[label] === value),
    );
  }

  /** The value of the only such series; undefined if there is none. @throws if there are several. */
  value(name: string, labels: Record<string, string> = {}): number | undefined {
    const found = this.find(name, labels);
    if (found.length > 1) throw new Error(`There are ${found.length} series of ${name}.`);
    return found[0]?.value;
  }

  /** Over all processes, and over whatever labels are not given. */
  sum(name: string, labels: Record<string, string> = {}): number {
    return this.find(name, labels).reduce((total, { value }) => total + value, 0);
  }

  /** The names of all metrics. */
  get names(): string[] {
    return [...this.text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name);
  }
}

/** @throws if it is not as Prometheus wants it. */
function readSeries(line: string): Series {
  const match = /^([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (-?[\d.e+-]+|\+Inf|NaN)$/i.exec(line);
  if (!match) throw new Error(`This is no series: ${line}`);
  const [, name = '', labelText = '', value = ''] = match;
  const labels = [...labelText.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/gi)].map(
    ([, label = '', text = '']) => [label, text],
  );
  return { name, labels: Object.fromEntries(labels) as Record<string, string>, value: Number(value) };
}
