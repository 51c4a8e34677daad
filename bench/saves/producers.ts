import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { answerOf, ask, startProgram } from '../lib/child-programs.ts';
import type { ConversationSet, SaveInstallation } from './save-installation.ts';

/** What a process of callers has to do. */
export interface ProducerTask {
  environment: Readonly<Record<string, string>>;
  ownerId: string;
  conversationIds: readonly string[];
  callers: number;
  /** Callers pause while more turns wait than this. */
  backlogLimit: number;
  /** Undefined: as many as the callers can. Otherwise turns begin at this rate, also if they do not end. */
  turnsPerSecond: number | undefined;
  /** At a rate: of how many turns one is watched until it is visible. */
  probeEvery: number;
}

/** What a process of callers did from its start to its end. */
export interface ProducerReport {
  finished: number;
  errors: string[];
  /** Of the turns that were watched since the warm-up: from before the finish until they were visible. */
  latenciesMs: number[];
}

/** Callers at work. */
export interface Producers {
  /** Forgets the latencies of the warm-up. */
  endWarmUp(): void;
  pids: number[];
  /** Ends them. @returns what they did, together */
  stop(): Promise<ProducerReport>;
}

/** How many turns, or jobs, may wait: enough for every shard's next groups, so that workers never want for work. */
export const BACKLOG_LIMIT = 4_000;
const PROCESSES = 2;
const CALLERS_EACH = 32;
const PROBES_PER_SECOND = 60;

const PROGRAM = fileURLToPath(new URL('producer-process.ts', import.meta.url));

/** Starts two processes of the product's own code, each with a half of the conversations. */
export async function startProducers(
  { servers, environment }: SaveInstallation,
  { ownerId, ids }: ConversationSet,
  turnsPerSecond?: number,
): Promise<Producers> {
  const children = Array.from({ length: PROCESSES }, (_, index) =>
    startProgram(servers, `producer ${index + 1}`, PROGRAM),
  );
  const rate = turnsPerSecond === undefined ? undefined : turnsPerSecond / PROCESSES;
  const taskOf = (index: number): ProducerTask => ({
    environment,
    ownerId,
    conversationIds: ids.filter((_, number) => number % PROCESSES === index),
    callers: CALLERS_EACH,
    backlogLimit: BACKLOG_LIMIT,
    turnsPerSecond: rate,
    probeEvery: Math.max(1, Math.round((rate ?? 0) / (PROBES_PER_SECOND / PROCESSES))),
  });
  await Promise.all(children.map((child, index) => ask(child, taskOf(index))));
  for (const child of children) child.send('go');
  return {
    pids: children.map((child) => child.pid ?? 0),
    endWarmUp: () => {
      for (const child of children) child.send('warm');
    },
    stop: async () => together(await Promise.all(children.map(stopOne))),
  };
}

async function stopOne(child: ChildProcess): Promise<ProducerReport> {
  const report = answerOf(child);
  child.send('stop');
  return (await report) as ProducerReport;
}

function together(reports: readonly ProducerReport[]): ProducerReport {
  return {
    finished: reports.reduce((sum, { finished }) => sum + finished, 0),
    errors: reports.flatMap(({ errors }) => errors),
    latenciesMs: reports.flatMap(({ latenciesMs }) => latenciesMs),
  };
}
