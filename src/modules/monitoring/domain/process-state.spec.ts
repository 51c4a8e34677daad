import { describe, expect, it } from 'vitest';
import { type HeardProcess, judgeProcesses, type QueueWait } from './process-state.js';

const START = Date.parse('2027-01-01T00:00:00.000Z');

function worker(id: string, changes: Partial<HeardProcess> = {}): HeardProcess {
  return {
    id,
    name: `worker-${id}`,
    role: 'worker',
    host: 'here',
    pid: 1,
    version: '1',
    startedAt: new Date(START),
    lastSeenAt: new Date(START + 60_000),
    silentMs: 500,
    ageMs: 60_000,
    queues: [{ name: 'saves', concurrency: 4, active: 0, idleMs: 30_000 }],
    currentWork: [],
    lastProgressAt: null,
    eventLoopLagMs: 1,
    rssBytes: 1,
    saysItIsConnectedToRedis: true,
    ...changes,
  };
}

const late: QueueWait = {
  name: 'saves',
  objectiveMs: 10_000,
  isSerial: false,
  isPaused: false,
  oldestWaitingMs: 20_000,
};
const connected = (...ids: string[]) => new Set(ids);

function stateOf(
  heard: HeardProcess[],
  queues: QueueWait[] | undefined,
  ids: ReadonlySet<string> | undefined = connected(...heard.map(({ id }) => id)),
) {
  return judgeProcesses(heard, { connectedWorkerIds: ids, queues }).map(({ state }) => state);
}

describe('a worker', () => {
  it('is stuck if it gets nothing done for longer than the objective of a queue whose jobs wait for longer', () => {
    const [judged] = judgeProcesses([worker('a')], { connectedWorkerIds: connected('a'), queues: [late] });
    expect(judged).toMatchObject({
      state: 'stuck',
      reason: 'It has begun and ended no job for 30 s, while jobs of saves have waited for 20 s.',
    });
  });

  it.each<[string, Partial<HeardProcess>, Partial<QueueWait>]>([
    ['nothing waits', {}, { oldestWaitingMs: null }],
    ['what waits has not waited for too long', {}, { oldestWaitingMs: 9_000 }],
    ['the queue is paused', {}, { isPaused: true }],
    ['it gets on', { queues: [{ name: 'saves', concurrency: 4, active: 4, idleMs: 2_000 }] }, {}],
    [
      'it has just begun',
      { queues: [{ name: 'saves', concurrency: 4, active: 0, idleMs: undefined }], ageMs: 5_000 },
      {},
    ],
    ['it does not work for that queue', { queues: [] }, {}],
    ['it is an API process', { role: 'api' }, {}],
  ])('is not stuck if %s', (_why, process, queue) => {
    expect(stateOf([worker('a', process)], [{ ...late, ...queue }])).toEqual(['alive']);
  });

  it('is not to blame for a serial queue that another serves, but the one that holds the job is', () => {
    const holder = worker('b', { queues: [{ name: 'saves', concurrency: 4, active: 1, idleMs: 30_000 }] });
    expect(stateOf([worker('a'), holder], [{ ...late, isSerial: true }])).toEqual(['alive', 'stuck']);
    expect(stateOf([worker('a'), worker('b')], [{ ...late, isSerial: true }])).toEqual(['stuck', 'stuck']);
    expect(stateOf([worker('a'), holder], [late])).toEqual(['stuck', 'stuck']);
  });

  it('is stuck without a connection to Redis, unless it has just begun or Redis cannot tell', () => {
    expect(stateOf([worker('a')], [], connected())).toEqual(['stuck']);
    expect(stateOf([worker('a', { ageMs: 5_000 })], [], connected())).toEqual(['alive']);
    expect(
      judgeProcesses([worker('a')], { connectedWorkerIds: undefined, queues: undefined })[0]?.state,
    ).toBe('alive');
  });

  it('that is silent is lost; for a minute it is stuck if its connection stands', () => {
    const silent = (silentMs: number) => worker('a', { silentMs });
    expect(stateOf([silent(9_000)], [])).toEqual(['alive']);
    expect(stateOf([silent(11_000)], [], connected())).toEqual(['lost']);
    expect(stateOf([silent(11_000)], [])).toEqual(['stuck']);
    expect(stateOf([silent(61_000)], [])).toEqual(['lost']);
    expect(
      judgeProcesses([silent(11_000)], { connectedWorkerIds: undefined, queues: undefined })[0]?.state,
    ).toBe('lost');
  });

  it('that is lost is not missed once a later one has its name on its machine', () => {
    const lost = worker('a', { name: 'worker-0', silentMs: 20_000 });
    const successor = worker('b', { name: 'worker-0', startedAt: new Date(START + 70_000) });
    const ids = (heard: HeardProcess[]) =>
      judgeProcesses(heard, { connectedWorkerIds: undefined, queues: undefined }).map(({ id }) => id);
    expect(ids([lost, successor])).toEqual(['b']);
    expect(ids([lost, { ...successor, host: 'elsewhere' }])).toEqual(['a', 'b']);
    expect(ids([lost, { ...successor, name: 'worker-1' }])).toEqual(['a', 'b']);
    // It was there beside the other one, so that it is no successor.
    expect(ids([lost, { ...successor, startedAt: new Date(START) }])).toEqual(['a', 'b']);
  });
});
