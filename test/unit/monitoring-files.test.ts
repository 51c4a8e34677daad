import { existsSync, globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  anchorsOf,
  type Board,
  dockerFiles,
  expressionsOf,
  metricNamesIn,
  type Panel,
  readAlertRules,
  readBoards,
} from '../factories/monitoring-files.js';

const root = new URL('../../', import.meta.url);
const rules = readAlertRules();
const boards = readBoards();
const operations = readFileSync(new URL('docs/operations.md', root), 'utf8');

describe('the alerts', () => {
  it('have names of their own', () => {
    expect(rules.length).toBeGreaterThan(30);
    expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
    for (const { name } of rules) expect(name).toMatch(/^Lockkeeper([A-Z][a-z]+)+$/);
  });

  it.each(rules)('$name says how bad it is, what it is, and what to do', (rule) => {
    expect(['info', 'warning', 'critical']).toContain(rule.severity);
    expect(rule.summary.length).toBeGreaterThan(10);
    expect(rule.description).toMatch(/^.{40,}[.]$/);
    expect(rule.runbookUrl).toBe(`docs/operations.md#${rule.name.toLowerCase()}`);
  });

  it.each(rules)('$name has its mend in the runbook', ({ runbookUrl, name }) => {
    expect(anchorsOf(operations)).toContain(runbookUrl.split('#')[1]);
    const chapter = operations.split(/^#+ /m).find((text) => text.startsWith(`${name}\n`)) ?? '';
    expect(chapter, name).toMatch(/\*\*Do\*\*/);
    expect(chapter, name).toMatch(/\*\*See\*\*/);
  });

  it.each(rules)('$name has a case in which it fires and a moment in which it does not', ({ name }) => {
    const cases = dockerFiles('prometheus/tests')
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n');
    const checks = cases.split('eval_time:').filter((text) => text.includes(`alertname="${name}"`));
    expect(checks.filter((text) => /exp_samples: \[\{ labels: '\{\}', value: [1-9]/.test(text))).not.toEqual(
      [],
    );
    expect(checks.filter((text) => text.includes('exp_samples: []'))).not.toEqual([]);
  });

  it('tell of the figures that the product was known by', () => {
    const exprOf = (name: string) => rules.find((rule) => rule.name === name)?.expr;
    expect(exprOf('LockkeeperMemoryHigh')).toMatch(/process_resident_memory_bytes.* > 1e9$/);
    expect(exprOf('LockkeeperMemoryCritical')).toMatch(/process_resident_memory_bytes.* > 1\.3e9$/);
    expect(exprOf('LockkeeperRestarts')).toMatch(/ > 3$/);
    expect(exprOf('LockkeeperSlowRequests')).toMatch(/^histogram_quantile\(0\.95, .* > 0\.5$/);
  });
});

const dataPanels = (board: Board): Panel[] => board.panels.filter(({ type }) => type !== 'row');

describe('the boards', () => {
  it('are six, each with an id of its own and of the current kind', () => {
    expect(boards.map(({ title }) => title).sort()).toEqual(
      ['Coins', 'Conversations & saves', 'Logs', 'Overview', 'Processes & HTTP', 'Queues & schedules'].map(
        (title) => `Lockkeeper: ${title}`,
      ),
    );
    expect(new Set(boards.map(({ uid }) => uid)).size).toBe(boards.length);
    for (const { uid, schemaVersion, description } of boards) {
      // Grafana takes no longer ones.
      expect(uid).toMatch(/^[a-z-]{1,40}$/);
      expect(schemaVersion).toBe(41);
      expect(description).toMatch(/\.$/);
    }
  });

  it.each(boards)('$title says of every panel what it shows, in which unit', (board) => {
    const panels = dataPanels(board);
    expect(panels.length).toBeGreaterThan(5);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    for (const { title, description, fieldConfig, targets } of panels) {
      expect(title, String(title)).toMatch(/\S/);
      expect(description, String(title)).toMatch(/\.$/);
      expect(fieldConfig?.defaults.unit, String(title)).toMatch(/^\w+$/);
      expect(targets?.length, String(title)).toBeGreaterThan(0);
    }
  });

  it.each(boards)('$title asks the data source that is provisioned for it', (board) => {
    const file = new URL('docker/grafana/provisioning/datasources/prometheus.yml', root);
    const uid = /^ +uid: (\w+)$/m.exec(readFileSync(file, 'utf8'))?.[1];
    for (const { datasource, targets = [] } of dataPanels(board)) {
      expect(new Set([datasource?.uid, ...targets.map((target) => target.datasource.uid)])).toEqual(
        new Set([uid]),
      );
    }
  });

  it.each(boards)('$title has no panels on top of each other', ({ panels }) => {
    const taken = new Map<string, string>();
    for (const { title = '', gridPos } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.get(`${x},${y}`), title).toBeUndefined();
          taken.set(`${x},${y}`, title);
        }
      }
    }
  });

  it('and rules name metrics that the guide explains', () => {
    const guide = readFileSync(new URL('docs/monitoring.md', root), 'utf8');
    const named = new Set(
      [...rules.map(({ expr }) => expr), ...boards.flatMap(expressionsOf)].flatMap(metricNamesIn),
    );
    for (const name of named) {
      if (name.startsWith('lockkeeper_'))
        expect(guide, name).toContain(name.replace(/_(bucket|sum|count)$/, ''));
    }
  });

  it('show what every alert is about', () => {
    const shown = new Set(boards.flatMap(expressionsOf).flatMap(metricNamesIn));
    for (const { name, expr } of rules) {
      for (const metric of metricNamesIn(expr)) {
        expect([...shown], name).toContain(metric);
      }
    }
  });
});

describe('the runbook', () => {
  const anchors = anchorsOf(operations);

  it('has no two chapters of one name', () => {
    expect(new Set(anchors).size).toBe(anchors.length);
  });

  it('links to chapters that exist', () => {
    const links = [...operations.matchAll(/\]\((?:(\w+\.md|\.\.\/[\w./-]+))?(?:#([\w-]+))?\)/g)];
    expect(links.length).toBeGreaterThan(50);
    for (const [link, file, anchor] of links) {
      const target = file === undefined ? undefined : new URL(`docs/${file}`, root);
      if (target) expect(existsSync(target), link).toBe(true);
      if (anchor === undefined) continue;
      expect(target ? anchorsOf(readFileSync(target, 'utf8')) : anchors, link).toContain(anchor);
    }
  });

  it('has a chapter for each reason of a verdict', () => {
    const sources = globSync('src/modules/**/*.ts', { cwd: root }).filter(
      (path) => !path.endsWith('.spec.ts'),
    );
    const codes = sources.flatMap((path) =>
      [...readFileSync(new URL(path, root), 'utf8').matchAll(/\breasonCode: '(\w+)'/g)].map(
        ([, code]) => code,
      ),
    );
    expect(codes.length).toBeGreaterThan(20);
    for (const code of codes) expect(anchors).toContain(code);
    const verdicts = /^## Verdicts$([\s\S]*?)^## /m.exec(operations)?.[1] ?? '';
    for (const [, code] of verdicts.matchAll(/^### `(\w+)`$/gm)) expect(codes).toContain(code);
  });

  it('names no setting that does not exist', () => {
    const known = readFileSync(new URL('.env.example', root), 'utf8');
    const named = new Set(operations.match(/\bLOCKKEEPER_[A-Z_]+\b/g));
    expect(named.size).toBeGreaterThan(8);
    for (const name of named) expect(known, name).toContain(`${name}=`);
  });

  it('names no command that does not exist', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const [, name = ''] of operations.matchAll(/npm run ([\w:-]+)/g))
      expect(scripts).toHaveProperty([name]);
  });
});
