export type ProcessRole = 'api' | 'worker';

/** alive: it gets on; stuck: it is there but does not; lost: it is gone without a goodbye. */
export const processStates = ['alive', 'stuck', 'lost'] as const;
export type ProcessState = (typeof processStates)[number];

/** What a process does for a queue, as it said last. */
export interface ProcessQueue {
  readonly name: string;
  readonly concurrency: number;
  readonly active: number;
  /** How long ago a job last began or ended there; undefined if none ever has. */
  readonly idleMs: number | undefined;
}

/** A process by its last heartbeat. */
export interface HeardProcess {
  readonly id: string;
  readonly name: string;
  readonly role: ProcessRole;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly startedAt: Date;
  readonly lastSeenAt: Date;
  readonly silentMs: number;
  readonly ageMs: number;
  readonly queues: readonly ProcessQueue[];
  readonly currentWork: readonly { kind: string; id: string; since: string }[];
  readonly lastProgressAt: Date | null;
  readonly eventLoopLagMs: number | null;
  readonly rssBytes: number | null;
  readonly saysItIsConnectedToRedis: boolean | null;
}

/** What is known of a queue. */
export interface QueueWait {
  readonly name: string;
  readonly objectiveMs: number;
  readonly isSerial: boolean;
  readonly isPaused: boolean;
  readonly oldestWaitingMs: number | null;
}

/** A process, and what is to be thought of it. */
export interface JudgedProcess extends HeardProcess {
  readonly state: ProcessState;
  /** Why it is not taken for alive; null if it is. */
  readonly reason: string | null;
  /** Null if neither Redis nor the process says. */
  readonly isConnectedToRedis: boolean | null;
}

/** What the heartbeats are held against; undefined while Redis cannot tell. */
export interface Evidence {
  readonly connectedWorkerIds: ReadonlySet<string> | undefined;
  readonly queues: readonly QueueWait[] | undefined;
}

/** Heartbeats come every two seconds. Whoever has missed so many of them does not come back by itself soon. */
export const SILENCE_MS = 10_000;
/** A connection that stands for longer without its process having said a word is one that nobody has closed yet. */
const HANGING_AT_THE_LONGEST_MS = 60_000;
/** A worker says that it is there before all of its connections are. */
const CONNECTING_MS = 15_000;

/** Judges processes by what they say, by the connections that Redis knows and by the work that waits. */
export function judgeProcesses(heard: readonly HeardProcess[], evidence: Evidence): JudgedProcess[] {
  const speaking = heard.filter(({ silentMs }) => silentMs < SILENCE_MS);
  return heard
    .filter((process) => process.silentMs < SILENCE_MS || !isReplaced(process, heard))
    .map((process) => ({
      ...process,
      ...stateOf(process, speaking, evidence),
      isConnectedToRedis: connectionOf(process, evidence),
    }));
}

/** Whether a later process has its name and place: it was started again, and is not missed. */
function isReplaced(lost: HeardProcess, heard: readonly HeardProcess[]): boolean {
  return heard.some(
    (other) =>
      other.id !== lost.id &&
      other.name === lost.name &&
      other.host === lost.host &&
      other.silentMs < SILENCE_MS &&
      other.startedAt > lost.lastSeenAt,
  );
}

function connectionOf(process: HeardProcess, { connectedWorkerIds }: Evidence): boolean | null {
  if (process.role === 'worker' && connectedWorkerIds) return connectedWorkerIds.has(process.id);
  return process.silentMs < SILENCE_MS ? process.saysItIsConnectedToRedis : null;
}

function stateOf(
  process: HeardProcess,
  speaking: readonly HeardProcess[],
  evidence: Evidence,
): Pick<JudgedProcess, 'state' | 'reason'> {
  if (process.silentMs >= SILENCE_MS) return stateOfSilent(process, evidence);
  const reason = process.role === 'worker' ? whyStuck(process, speaking, evidence) : undefined;
  return reason === undefined ? { state: 'alive', reason: null } : { state: 'stuck', reason };
}

function stateOfSilent(
  process: HeardProcess,
  { connectedWorkerIds }: Evidence,
): Pick<JudgedProcess, 'state' | 'reason'> {
  const silence = `It has given no sign for ${seconds(process.silentMs)}`;
  const isConnected = connectedWorkerIds?.has(process.id);
  if (isConnected && process.silentMs < HANGING_AT_THE_LONGEST_MS) {
    return { state: 'stuck', reason: `${silence}, but is still connected to Redis: it hangs.` };
  }
  return { state: 'lost', reason: `${silence}: it was killed, hangs, or cannot reach MySQL.` };
}

function whyStuck(
  process: HeardProcess,
  speaking: readonly HeardProcess[],
  { connectedWorkerIds, queues }: Evidence,
): string | undefined {
  if (connectedWorkerIds && !connectedWorkerIds.has(process.id) && process.ageMs > CONNECTING_MS) {
    return 'It is not connected to Redis, so that it takes no jobs.';
  }
  for (const queue of queues ?? []) {
    const own = process.queues.find(({ name }) => name === queue.name);
    if (!own || !isLate(queue) || !isIdle(process, own, queue)) continue;
    if (queue.isSerial && own.active === 0 && isServedByOther(process, queue, speaking)) continue;
    const wait = `jobs of ${queue.name} have waited for ${seconds(queue.oldestWaitingMs ?? 0)}`;
    return `It has begun and ended no job for ${seconds(own.idleMs ?? process.ageMs)}, while ${wait}.`;
  }
  return undefined;
}

/** Whether jobs of a queue have waited for longer than they may; those of a paused one are meant to. */
export function isLate({ isPaused, oldestWaitingMs, objectiveMs }: QueueWait): boolean {
  return !isPaused && oldestWaitingMs !== null && oldestWaitingMs > objectiveMs;
}

function isIdle(process: HeardProcess, own: ProcessQueue, { objectiveMs }: QueueWait): boolean {
  return (own.idleMs ?? process.ageMs) > objectiveMs;
}

/** One job at a time: who waits for its turn is not to blame for the one that runs elsewhere. */
function isServedByOther(
  process: HeardProcess,
  queue: QueueWait,
  speaking: readonly HeardProcess[],
): boolean {
  return speaking.some((other) => {
    const own = other.id === process.id ? undefined : other.queues.find(({ name }) => name === queue.name);
    return own !== undefined && (own.active > 0 || !isIdle(other, own, queue));
  });
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
