import { readFileSync } from 'node:fs';
import type { INestApplicationContext } from '@nestjs/common';
import type { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROCESS_REGISTRY } from '../../src/platform/metrics/metric-providers.js';
import { SharedMetrics } from '../../src/platform/metrics/index.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestWorker } from '../factories/test-worker.js';

const guide = readFileSync(new URL('../../docs/monitoring.md', import.meta.url), 'utf8');

/** The metrics in the rows of the tables, as `name{label,label}`. */
function listed(): Map<string, string> {
  const rows = guide.split('\n').filter((line) => line.startsWith('| `lockkeeper_'));
  const names = rows.flatMap((row) => [
    ...(row.split('|')[1] ?? '').matchAll(/`(lockkeeper_\w+)(?:\{([\w,]+)\})?`/g),
  ]);
  return new Map(names.map(([, name = '', labels = '']) => [name, labels]));
}

describe('docs/monitoring.md', () => {
  let test: TestApp;
  let worker: INestApplicationContext;
  beforeAll(async () => {
    test = await createTestApp();
    worker = await createTestWorker(test.environment);
  });
  afterAll(async () => {
    await worker.close();
    await test.close();
  });

  const ownMetrics = () =>
    [test.app, worker].flatMap((app) => app.get<Registry>(PROCESS_REGISTRY).getMetricsAsArray());

  it('lists every metric there is, and no other', () => {
    const own = ownMetrics()
      .map(({ name }) => name)
      .filter((name) => name.startsWith('lockkeeper_'));
    const shared = [...test.app.get(SharedMetrics).describe().keys()];
    const existing = new Set(['lockkeeper_process_up', ...own, ...shared]);
    expect([...listed().keys()].sort()).toEqual([...existing].sort());
  });

  it('lists the labels of those that count', () => {
    const existing = new Map(
      ownMetrics().flatMap((metric) => {
        const { labelNames } = metric as unknown as { labelNames?: string[] };
        return labelNames ? [[metric.name, labelNames.join()] as const] : [];
      }),
    );
    const names = [...listed()].filter(([name]) => existing.has(name));
    expect(names.length).toBeGreaterThan(20);
    for (const [name, labels] of names) expect(labels, name).toBe(existing.get(name));
  });
});
