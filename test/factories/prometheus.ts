import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { findProgram, programDirectories } from '../../scripts/lib/files.mjs';
import { freePort } from '../../scripts/lib/ports.mjs';
import { dockerFiles } from './monitoring-files.js';
import { waitUntil } from './wait.js';

/** An alert as Prometheus tells it. */
export interface Alert {
  readonly state: 'pending' | 'firing';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface PrometheusSettings {
  /** What it scrapes as the job `lockkeeper`. */
  readonly targets: readonly string[];
  readonly token: string;
  /** Of scrapes and of rules. */
  readonly intervalSeconds: number;
  /** What becomes of the text of each rule file. */
  readonly transformRules: (text: string) => string;
}

/** Where Debian's Prometheus, or its promtool, is. */
export function prometheusProgram(name: 'prometheus' | 'promtool'): string {
  const program = findProgram([name], programDirectories());
  if (!program) throw new Error(`There is no ${name}: run tests with \`npm test\`, which installs it.`);
  return program;
}

/** The real Prometheus with our rules, as an ordinary child process on a free port. */
export class TestPrometheus {
  private constructor(
    private readonly url: string,
    /** Ends it and removes its files. */
    readonly dispose: () => Promise<void>,
  ) {}

  static async start(settings: PrometheusSettings): Promise<TestPrometheus> {
    const directory = mkdtempSync(join(process.env['TEST_RUN_DIRECTORY'] ?? tmpdir(), 'prometheus-'));
    writeConfiguration(directory, settings);
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(
      prometheusProgram('prometheus'),
      [
        `--config.file=${join(directory, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=${address}`,
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let errors = '';
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    const prometheus = new TestPrometheus(`http://${address}`, async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }
      rmSync(directory, { recursive: true, force: true });
    });
    await waitUntil('Prometheus ready', async () => {
      if (child.exitCode !== null) throw new Error(`Prometheus ended:\n${errors}`);
      return fetch(`http://${address}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
    return prometheus;
  }

  /** The alerts that are pending or fire. */
  async alerts(): Promise<Alert[]> {
    return (await this.get<{ alerts: Alert[] }>('alerts')).alerts;
  }

  /** The names of all series that it has ever read. */
  metricNames(): Promise<string[]> {
    return this.get<string[]>('label/__name__/values');
  }

  /** The instant value of an expression: each series with its labels. */
  async query(expr: string): Promise<{ labels: Record<string, string>; value: number }[]> {
    const { result } = await this.get<{
      result: { metric: Record<string, string>; value: [number, string] }[];
    }>(`query?query=${encodeURIComponent(expr)}`);
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  private async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}`);
    const answer = (await response.json()) as { data: T; error?: string };
    if (!response.ok) throw new Error(`Prometheus answered ${response.status}: ${answer.error}`);
    return answer.data;
  }
}

function writeConfiguration(
  directory: string,
  { targets, token, intervalSeconds, transformRules }: PrometheusSettings,
): void {
  mkdirSync(join(directory, 'rules'));
  for (const path of dockerFiles('prometheus/rules')) {
    writeFileSync(join(directory, 'rules', basename(path)), transformRules(readFileSync(path, 'utf8')));
  }
  writeFileSync(join(directory, 'token'), token, { mode: 0o600 });
  const interval = `${intervalSeconds}s`;
  const configuration = {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: ['rules/*.yml'],
    scrape_configs: [
      {
        job_name: 'lockkeeper',
        authorization: { credentials_file: 'token' },
        static_configs: [{ targets }],
      },
    ],
  };
  // JSON is YAML.
  writeFileSync(join(directory, 'prometheus.yml'), JSON.stringify(configuration));
}
