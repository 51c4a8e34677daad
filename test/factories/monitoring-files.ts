import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** An alert of docker/prometheus/rules. */
export interface AlertRule {
  readonly name: string;
  readonly expr: string;
  readonly severity: string;
  readonly summary: string;
  readonly description: string;
  readonly runbookUrl: string;
}

/** A panel of a board, as far as tests look at it. */
export interface Panel {
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly datasource?: { uid: string };
  readonly fieldConfig?: { defaults: { unit?: string } };
  readonly targets?: readonly { expr: string; datasource: { uid: string } }[];
  readonly gridPos: { x: number; y: number; w: number; h: number };
}

/** A board of docker/grafana/dashboards. */
export interface Board {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly schemaVersion: number;
  readonly annotations: { list: readonly { expr: string }[] };
  readonly panels: readonly Panel[];
}

const docker = fileURLToPath(new URL('../../docker/', import.meta.url));

export const prometheusDirectory = join(docker, 'prometheus');

/** Absolute paths of the files of a folder below docker/. */
export function dockerFiles(folder: string): string[] {
  const directory = join(docker, folder);
  return readdirSync(directory)
    .sort()
    .map((name) => join(directory, name));
}

/** What is written at a key of a rule, on one line or folded (`>-`), and without its quotes. */
function field(block: string, key: string): string {
  const folded = new RegExp(`^( +)${key}: >-\\n((?:\\1 +\\S.*\\n)+)`, 'm').exec(block)?.[2];
  if (folded !== undefined) return folded.trim().replaceAll(/\n\s*/g, ' ');
  const value = new RegExp(`^ +${key}:\\s+(\\S.*)$`, 'm').exec(block)?.[1];
  if (value === undefined) throw new Error(`A rule has no ${key}:\n${block}`);
  return /^'(.*)'$/.exec(value)?.[1]?.replaceAll("''", "'") ?? value;
}

/** All alerts, by file. */
export function readAlertRules(): AlertRule[] {
  return dockerFiles('prometheus/rules').flatMap((path) => {
    const blocks = readFileSync(path, 'utf8').split(/^ {6}- (?=alert: )/m);
    return blocks.slice(1).map((block) => ({
      name: /^alert: (\w+)$/m.exec(block)?.[1] ?? '',
      expr: field(block, 'expr'),
      severity: /labels: \{ severity: (\w+) \}/.exec(block)?.[1] ?? '',
      summary: field(block, 'summary'),
      description: field(block, 'description'),
      runbookUrl: field(block, 'runbook_url'),
    }));
  });
}

/** All boards, by file. */
export function readBoards(): Board[] {
  return dockerFiles('grafana/dashboards').map((path) => JSON.parse(readFileSync(path, 'utf8')) as Board);
}

/** Every expression of a board. */
export function expressionsOf(board: Board): string[] {
  return [
    ...board.annotations.list.map(({ expr }) => expr),
    ...board.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ];
}

/** The names of the product's series that an expression reads. */
export function metricNamesIn(expr: string): string[] {
  const code = expr.replaceAll(/"[^"]*"/g, '');
  return [...new Set(code.match(/\b(?:lockkeeper|process|nodejs)_\w+/g))];
}

/** The anchors of a Markdown text's headings, as GitHub makes them. */
export function anchorsOf(markdown: string): string[] {
  const headings = markdown.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
