import { isLate, type JudgedProcess, type QueueWait } from './process-state.js';
import type { Finding } from './verdicts.js';

/** A queue, with the jobs of it that failed for good. */
export interface QueueFigures extends QueueWait {
  readonly waiting: number;
  readonly failed: number;
}

/** What the durable Redis says of itself. */
export interface RedisCondition {
  readonly usedMemoryBytes: number;
  /** Null if it has none. */
  readonly memoryLimitBytes: number | null;
  readonly evictionPolicy: string | null;
  readonly isAofOn: boolean;
  readonly isAofWritten: boolean;
}

/** Per second, over the last moments; null where unknown. */
export interface FailureRates {
  readonly requestsPerSecond: number | null;
  readonly errorsPerSecond: number | null;
}

/** Redis has little room left. */
const NEARLY_FULL = 0.85;
/** So many times its objective a queue is not merely late. */
const MUCH_TOO_LATE = 6;
const SHARE_OF_ERRORS = { warning: 0.05, failing: 0.25 };
/** Fewer errors a second say little, however few requests there are. */
const FEW_ERRORS_A_SECOND = 0.1;
const LONG_LAG_MS = 1_000;

/** Whether the two stores are there. */
export function storeFindings(isMysqlUp: boolean, isRedisUp: boolean): Finding[] {
  const findings: Finding[] = [];
  if (!isMysqlUp && !isRedisUp) {
    findings.push({
      verdict: 'flow',
      state: 'failing',
      reasonCode: 'stores_away',
      reason: 'Neither MySQL nor Redis can be used: nothing is taken in.',
      action: 'Bring MySQL back first, then Redis.',
    });
  } else if (!isMysqlUp) {
    findings.push({
      verdict: 'flow',
      state: 'failing',
      reasonCode: 'mysql_away',
      reason: 'MySQL does not answer: no turn can begin; those that run wait for it.',
      action: 'Bring MySQL back; what waits then goes on by itself.',
    });
  } else if (!isRedisUp) {
    findings.push({
      verdict: 'flow',
      state: 'warning',
      reasonCode: 'redis_away',
      reason: 'Redis does not take writes: turns go through MySQL, background work and logs wait.',
      action: 'Bring Redis back; what waits then goes on by itself.',
    });
  }
  if (!isMysqlUp) {
    findings.push({
      verdict: 'liveness',
      state: 'warning',
      reasonCode: 'processes_unknown',
      reason: 'MySQL does not answer, so that nobody can tell how the processes are.',
      action: 'Bring MySQL back.',
    });
  }
  if (!isRedisUp) {
    findings.push({
      verdict: 'execution',
      state: 'warning',
      reasonCode: 'outcomes_unknown',
      reason: 'Redis is away, so that nobody can tell which jobs have failed.',
      action: 'Bring Redis back.',
    });
  }
  return findings;
}

/** Whether Redis keeps what it is given, and has room for more. */
export function redisFindings(redis: RedisCondition, isAofExpected: boolean): Finding[] {
  const findings: Finding[] = [];
  const add = (finding: Pick<Finding, 'reasonCode' | 'reason' | 'action'>) =>
    findings.push({ verdict: 'flow', state: 'warning', ...finding });
  if (redis.evictionPolicy !== null && redis.evictionPolicy !== 'noeviction') {
    add({
      reasonCode: 'redis_evicts',
      reason: 'Redis may evict queued work.',
      action: 'Set `maxmemory-policy noeviction` in the durable Redis.',
    });
  }
  if (!redis.isAofWritten) {
    add({
      reasonCode: 'redis_not_durable',
      reason: 'Redis cannot write its append-only file.',
      action: 'See to the disk of Redis: it is full, or fails.',
    });
  } else if (isAofExpected && !redis.isAofOn) {
    add({
      reasonCode: 'redis_not_durable',
      reason: 'Redis keeps no append-only file: a restart of it loses what waits there.',
      action: 'Set `appendonly yes` in the durable Redis.',
    });
  }
  const { usedMemoryBytes, memoryLimitBytes } = redis;
  if (memoryLimitBytes !== null && usedMemoryBytes > NEARLY_FULL * memoryLimitBytes) {
    const share = Math.round((100 * usedMemoryBytes) / memoryLimitBytes);
    add({
      reasonCode: 'redis_nearly_full',
      reason: `Redis has used ${share} % of its memory; when it is full, it takes nothing more.`,
      action: 'Find what fills it (queues, logs that wait), or raise `maxmemory`.',
    });
  }
  return findings;
}

/** Whether jobs are begun in time, and how many have failed for good. */
export function queueFindings(queues: readonly QueueFigures[]): Finding[] {
  return queues.flatMap((queue) => [...waitFindings(queue), ...failureFindings(queue)]);
}

function waitFindings(queue: QueueFigures): Finding[] {
  const { name, isPaused, waiting, oldestWaitingMs, objectiveMs } = queue;
  if (isPaused && waiting > 0) {
    const reason = `The queue ${name} is paused, and ${waiting} jobs wait in it.`;
    const action = 'Resume it when what it was paused for is done.';
    return [{ verdict: 'flow', state: 'warning', reasonCode: 'queue_paused', reason, action }];
  }
  if (!isLate(queue)) return [];
  const waited = Math.round((oldestWaitingMs ?? 0) / 1_000);
  return [
    {
      verdict: 'flow',
      state: (oldestWaitingMs ?? 0) > MUCH_TOO_LATE * objectiveMs ? 'failing' : 'warning',
      reasonCode: 'queue_late',
      reason: `Jobs of ${name} have waited for ${waited} s; they should wait for ${objectiveMs / 1_000} s at the most.`,
      action: 'See whether the workers get on (Processes); if they are all busy, start more.',
    },
  ];
}

function failureFindings({ name, failed }: QueueFigures): Finding[] {
  if (failed === 0) return [];
  const reason = `${failed} jobs of ${name} have failed for good.`;
  const action = 'Read why (Queues, failed jobs), mend it, then retry or remove them.';
  return [{ verdict: 'execution', state: 'warning', reasonCode: 'jobs_failed', reason, action }];
}

/** Whether requests end well. */
export function errorFindings({ requestsPerSecond, errorsPerSecond }: FailureRates): Finding[] {
  if (!requestsPerSecond || errorsPerSecond === null || errorsPerSecond < FEW_ERRORS_A_SECOND) return [];
  const share = errorsPerSecond / requestsPerSecond;
  if (share < SHARE_OF_ERRORS.warning) return [];
  return [
    {
      verdict: 'execution',
      state: share < SHARE_OF_ERRORS.failing ? 'warning' : 'failing',
      reasonCode: 'requests_failing',
      reason: `${Math.round(100 * share)} % of the requests end with an error of ours (5xx).`,
      action: 'Look for the errors in the log of the API; each answer bears the `error_id` of its lines.',
    },
  ];
}

/** Whether there are processes enough, and whether they get on. */
export function processFindings(processes: readonly JudgedProcess[]): Finding[] {
  const workers = processes.filter(({ role }) => role === 'worker');
  const stuck = processes.filter(({ state }) => state === 'stuck');
  const lost = processes.filter(({ state }) => state === 'lost');
  const findings: Finding[] = [];
  if (workers.every(({ state }) => state === 'lost')) {
    findings.push({
      verdict: 'liveness',
      state: 'failing',
      reasonCode: 'no_worker',
      reason: 'No worker is alive: background work waits.',
      action: 'Start a worker, and read in its log why the last one ended.',
    });
  }
  if (stuck.length > 0) {
    findings.push({
      verdict: 'liveness',
      state: workers.some(({ state }) => state === 'alive') ? 'warning' : 'failing',
      reasonCode: 'process_stuck',
      reason: describe(stuck),
      action:
        'See what it works on (Processes) and what it waits for (database, lock waits); restart it if it does not come loose.',
    });
  }
  if (lost.length > 0) {
    findings.push({
      verdict: 'liveness',
      state: 'warning',
      reasonCode: 'process_lost',
      reason: describe(lost),
      action: 'If nothing starts it again, start it; read in its log why it ended.',
    });
  }
  return [...findings, ...lagFindings(processes)];
}

/** The first of some processes, and how many others there are. */
function describe([first, ...others]: readonly JudgedProcess[]): string {
  if (!first) return '';
  const more = others.length > 0 ? ` (and ${others.length} more)` : '';
  return `${first.name} on ${first.host} (pid ${first.pid})${more}: ${first.reason}`;
}

function lagFindings(processes: readonly JudgedProcess[]): Finding[] {
  const held = processes.find(
    ({ state, eventLoopLagMs }) => state === 'alive' && (eventLoopLagMs ?? 0) > LONG_LAG_MS,
  );
  if (!held) return [];
  return [
    {
      verdict: 'liveness',
      state: 'warning',
      reasonCode: 'process_held_up',
      reason: `${held.name} on ${held.host} (pid ${held.pid}) was held up for ${held.eventLoopLagMs} ms at a time.`,
      action: 'If it goes on, there is too little CPU: start fewer processes, or give them more.',
    },
  ];
}
