import { expect, it } from 'vitest';
import { renderMetrics } from './exposition.js';
import { gaugeFamily, type ProcessMetrics } from './metric-family.js';

const requests = (process: string, value: number): ProcessMetrics => ({
  process,
  isUp: true,
  metrics: [{ name: 'requests_total', help: 'Requests.', type: 'counter', values: [{ labels: {}, value }] }],
});

it('brings the values of all processes together below one head, and shared things without a process', () => {
  const hanging = { process: 'worker-0', isUp: false, metrics: [] };
  const text = renderMetrics(
    [requests('api-0', 1), requests('api-1', 2), hanging],
    [gaugeFamily('parked', 'Parked.', 3)],
  );
  expect(text.split('\n').slice(0, 4)).toEqual([
    '# HELP requests_total Requests.',
    '# TYPE requests_total counter',
    'requests_total{process="api-0"} 1',
    'requests_total{process="api-1"} 2',
  ]);
  expect(text).toContain('\nlockkeeper_process_up{process="api-1"} 1\n');
  expect(text).toContain('\nlockkeeper_process_up{process="worker-0"} 0\n');
  expect(text).toMatch(/\nparked 3\n$/);
});

it('escapes what would end a label or a line', () => {
  const sample = { labels: { route: 'a"b\\c\nd' }, value: 1 };
  const text = renderMetrics([], [gaugeFamily('odd', 'Two\nlines \\.', [sample])]);
  expect(text).toContain('# HELP odd Two\\nlines \\\\.\n');
  expect(text).toContain('odd{route="a\\"b\\\\c\\nd"} 1\n');
});
