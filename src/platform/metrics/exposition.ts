import { gaugeFamily, type MetricFamily, type MetricSample, type ProcessMetrics } from './metric-family.js';

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * What Prometheus reads: the metrics of all processes, each series with the label `process`, then those of shared
 * things, once and without it.
 */
export function renderMetrics(processes: readonly ProcessMetrics[], shared: readonly MetricFamily[]): string {
  const lines: string[] = [];
  for (const family of [...mergeProcesses(processes), upFamily(processes), ...shared]) {
    lines.push(`# HELP ${family.name} ${escapeText(family.help)}`, `# TYPE ${family.name} ${family.type}`);
    for (const sample of family.values) lines.push(renderSample(family.name, sample));
  }
  return `${lines.join('\n')}\n`;
}

/** A family stands in the text once, so the values of all processes are brought together. */
function mergeProcesses(processes: readonly ProcessMetrics[]): MetricFamily[] {
  const merged = new Map<string, MetricFamily & { values: MetricSample[] }>();
  for (const { process, metrics } of processes) {
    for (const { name, help, type, values } of metrics) {
      const family = merged.get(name) ?? { name, help, type, values: [] };
      merged.set(name, family);
      for (const sample of values) {
        family.values.push({ ...sample, labels: { ...sample.labels, process } });
      }
    }
  }
  return [...merged.values()];
}

function upFamily(processes: readonly ProcessMetrics[]): MetricFamily {
  return gaugeFamily(
    'lockkeeper_process_up',
    'Whether a process of this machine answered (1) or hangs or has died (0).',
    processes.map(({ process, isUp }) => ({ labels: { process }, value: isUp ? 1 : 0 })),
  );
}

function renderSample(familyName: string, { labels, value, metricName }: MetricSample): string {
  const pairs = Object.entries(labels).map(([name, text]) => `${name}="${escapeLabel(String(text))}"`);
  return `${metricName ?? familyName}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`;
}

function escapeText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabel(text: string): string {
  return escapeText(text).replaceAll('"', '\\"');
}
