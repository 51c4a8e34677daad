import { describe, expect, it } from 'vitest';
import { type Counted, type CountedSeries, ratesBetween } from './rates.js';

function counted(atMs: number, series: CountedSeries[], processes = ['api-0', 'api-1']): Counted {
  return { atMs, series, processes: new Set(processes) };
}

const turns = (process: string, value: number): CountedSeries => ({
  metric: 'lockkeeper_turns_total',
  process,
  labels: { status: 'complete' },
  value,
});

const requests = (status: number, value: number): CountedSeries => ({
  metric: 'lockkeeper_http_requests_total',
  process: 'api-0',
  labels: { method: 'GET', route: '/', status },
  value,
});

function durations(counts: Record<string, number>, route = '/'): CountedSeries[] {
  return Object.entries(counts).map(([le, value]) => ({
    metric: 'lockkeeper_http_request_duration_seconds_bucket',
    process: 'api-0',
    labels: { le, method: 'GET', route },
    value,
  }));
}

describe('rates between two readings', () => {
  it('are the growth over all processes, per second', () => {
    const rates = ratesBetween(
      counted(1_000, [turns('api-0', 10), turns('api-1', 5)]),
      counted(5_000, [turns('api-0', 20), turns('api-1', 15)]),
    );
    expect(rates.turnsPerSecond).toBe(5);
    expect(rates).toMatchObject({ logsPerSecond: 0, coinsPerSecond: 0, latencyP50Ms: null });
  });

  it('count a series that has begun, and what a process has counted since it began anew', () => {
    const rates = ratesBetween(
      counted(0, [turns('api-0', 100)]),
      counted(1_000, [turns('api-0', 3), turns('api-1', 4)]),
    );
    expect(rates.turnsPerSecond).toBe(7);
  });

  it('take no process for growth that was not heard of the first time', () => {
    const rates = ratesBetween(
      counted(0, [turns('api-0', 1)], ['api-0']),
      counted(1_000, [turns('api-0', 2), turns('api-1', 1_000)]),
    );
    expect(rates.turnsPerSecond).toBe(1);
  });

  it('count as errors what is ours', () => {
    const rates = ratesBetween(
      counted(0, []),
      counted(1_000, [requests(200, 6), requests(404, 2), requests(500, 1), requests(503, 1)]),
    );
    expect(rates).toMatchObject({ requestsPerSecond: 10, errorsPerSecond: 2 });
  });

  it('read latencies off the buckets, without streams', () => {
    const rates = ratesBetween(
      counted(0, durations({ '0.1': 100, '0.2': 100, '+Inf': 100 })),
      counted(1_000, [
        ...durations({ '0.1': 150, '0.2': 200, '+Inf': 200 }),
        ...durations({ '0.1': 0, '0.2': 0, '+Inf': 900 }, '/api/admin/live'),
      ]),
    );
    expect(rates.latencyP50Ms).toBeCloseTo(100);
    expect(rates.latencyP95Ms).toBeCloseTo(190);
  });

  it('say of what is above all buckets no more than that', () => {
    const rates = ratesBetween(counted(0, []), counted(1_000, durations({ '0.1': 0, '0.2': 0, '+Inf': 4 })));
    expect(rates.latencyP50Ms).toBe(200);
  });
});
