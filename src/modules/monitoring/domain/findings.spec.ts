import { describe, expect, it } from 'vitest';
import {
  errorFindings,
  processFindings,
  type QueueFigures,
  queueFindings,
  redisFindings,
  storeFindings,
} from './findings.js';
import type { JudgedProcess } from './process-state.js';
import { type Finding, judge } from './verdicts.js';

const codes = (findings: readonly Finding[]) =>
  findings.map(({ verdict, state, reasonCode }) => `${verdict} ${state} ${reasonCode}`);

const queue: QueueFigures = {
  name: 'saves',
  objectiveMs: 10_000,
  isSerial: false,
  isPaused: false,
  oldestWaitingMs: null,
  waiting: 0,
  failed: 0,
};

const redis = {
  usedMemoryBytes: 10,
  memoryLimitBytes: 100,
  evictionPolicy: 'noeviction',
  isAofOn: true,
  isAofWritten: true,
};

function aProcess(changes: Partial<JudgedProcess> = {}): JudgedProcess {
  return {
    id: 'a',
    name: 'worker-0',
    role: 'worker',
    host: 'here',
    pid: 7,
    version: '1',
    startedAt: new Date(0),
    lastSeenAt: new Date(0),
    silentMs: 0,
    ageMs: 0,
    queues: [],
    currentWork: [],
    lastProgressAt: null,
    eventLoopLagMs: 1,
    rssBytes: 1,
    saysItIsConnectedToRedis: true,
    isConnectedToRedis: true,
    state: 'alive',
    reason: null,
    ...changes,
  };
}

describe('what speaks against a verdict', () => {
  it.each([
    [true, true, []],
    [true, false, ['flow warning redis_away', 'execution warning outcomes_unknown']],
    [false, true, ['flow failing mysql_away', 'liveness warning processes_unknown']],
    [
      false,
      false,
      [
        'flow failing stores_away',
        'liveness warning processes_unknown',
        'execution warning outcomes_unknown',
      ],
    ],
  ])('MySQL there: %s, Redis there: %s', (isMysqlUp, isRedisUp, expected) => {
    expect(codes(storeFindings(isMysqlUp, isRedisUp))).toEqual(expected);
  });

  it.each([
    [{}, true, []],
    [{ memoryLimitBytes: null, usedMemoryBytes: 1e12 }, true, []],
    [{ evictionPolicy: 'allkeys-lru' }, true, ['flow warning redis_evicts']],
    [{ isAofWritten: false }, false, ['flow warning redis_not_durable']],
    [{ isAofOn: false }, true, ['flow warning redis_not_durable']],
    [{ isAofOn: false }, false, []],
    [{ usedMemoryBytes: 86 }, true, ['flow warning redis_nearly_full']],
  ])('Redis %j, where its file is expected: %s', (changes, isAofExpected, expected) => {
    expect(codes(redisFindings({ ...redis, ...changes }, isAofExpected))).toEqual(expected);
  });

  it.each([
    [{}, []],
    [{ oldestWaitingMs: 9_999, waiting: 3 }, []],
    [{ oldestWaitingMs: 10_001, waiting: 3 }, ['flow warning queue_late']],
    [{ oldestWaitingMs: 60_001, waiting: 3 }, ['flow failing queue_late']],
    [{ isPaused: true }, []],
    [{ isPaused: true, waiting: 1, oldestWaitingMs: 99_999 }, ['flow warning queue_paused']],
    [{ failed: 2 }, ['execution warning jobs_failed']],
  ])('a queue %j', (changes, expected) => {
    expect(codes(queueFindings([queue, { ...queue, ...changes }]))).toEqual(expected);
  });

  it.each([
    [100, 4.9, []],
    [100, 5, ['execution warning requests_failing']],
    [100, 25, ['execution failing requests_failing']],
    [0.09, 0.09, []],
    [0, 0, []],
    [null, null, []],
  ])('%s requests and %s errors a second', (requestsPerSecond, errorsPerSecond, expected) => {
    expect(codes(errorFindings({ requestsPerSecond, errorsPerSecond }))).toEqual(expected);
  });

  const stuck = aProcess({ id: 'b', state: 'stuck', reason: 'It hangs.' });
  const lost = aProcess({ id: 'c', state: 'lost', reason: 'It is gone.' });
  it.each<[string, JudgedProcess[], string[]]>([
    ['all well', [aProcess()], []],
    ['no process', [], ['liveness failing no_worker']],
    ['no worker', [aProcess({ role: 'api' })], ['liveness failing no_worker']],
    ['only a lost one', [lost], ['liveness failing no_worker', 'liveness warning process_lost']],
    ['one lost of two', [aProcess(), lost], ['liveness warning process_lost']],
    ['one stuck of two', [aProcess(), stuck], ['liveness warning process_stuck']],
    ['all stuck', [stuck], ['liveness failing process_stuck']],
    ['one held up', [aProcess({ eventLoopLagMs: 1_500 })], ['liveness warning process_held_up']],
  ])('processes: %s', (_what, processes, expected) => {
    expect(codes(processFindings(processes))).toEqual(expected);
  });
});

describe('a verdict', () => {
  const finding = (state: Finding['state'], reasonCode: string): Finding => ({
    verdict: 'flow',
    state,
    reasonCode,
    reason: 'because',
    action: 'do',
  });

  it('is good if nothing speaks against it, and has a word for that', () => {
    expect(judge([])).toMatchObject({
      flow: { state: 'ok', reasonCode: 'all_flowing' },
      execution: { state: 'ok', reasonCode: 'all_succeeding' },
      liveness: { state: 'ok', reasonCode: 'all_alive' },
    });
  });

  it('is as bad as the worst that was found, and tells the rest beside it', () => {
    const verdicts = judge([finding('warning', 'a'), finding('failing', 'b'), finding('warning', 'c')]);
    expect(verdicts.flow).toMatchObject({ state: 'failing', reasonCode: 'b' });
    expect(verdicts.flow.also.map(({ reasonCode }) => reasonCode)).toEqual(['a', 'c']);
    expect(verdicts.liveness.state).toBe('ok');
  });
});
