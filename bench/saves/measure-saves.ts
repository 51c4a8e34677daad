import { setTimeout as delay } from 'node:timers/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { ProductProcess } from '../lib/product.ts';
import { Samples } from '../lib/samples.ts';
import { type CpuCosts, watchCpu } from '../lib/cpu-costs.ts';
import type { Times } from './job-ceiling.ts';
import { startProducers } from './producers.ts';
import {
  type ConversationSet,
  countSaved,
  createConversations,
  type SaveInstallation,
  waitForSaved,
} from './save-installation.ts';

/** Turns from their start to their commit, with all that was counted. */
export interface SaveMeasurement {
  turnsPerSecond: number;
  /** Within the time that was measured. */
  saved: number;
  costs: CpuCosts;
  /** From before the finish until another connection sees the turn: at a given rate only. */
  latencies: Samples;
  /** Turns that were finished and are not saved. */
  lost: number;
  /** Turns that stand in their conversation before one that was finished earlier. */
  disordered: number;
  errors: string[];
  /** How many waited when the measurement began and ended. */
  backlog: [number, number];
}

/** A multiple of the callers, so that each has its own. */
const CONVERSATIONS = 2_048;

/**
 * Has two processes take turns while `workers` processes save them.
 * @param turnsPerSecond undefined: as many as they can, held back only while thousands wait
 */
export async function measureSaves(
  installation: SaveInstallation,
  workers: number,
  { seconds, warmUpSeconds }: Times,
  turnsPerSecond?: number,
): Promise<SaveMeasurement> {
  const { database, services } = installation;
  const conversations = await createConversations(database, CONVERSATIONS);
  const processes = await startWorkers(installation, workers);
  const producers = await startProducers(installation, conversations, turnsPerSecond);
  await delay(warmUpSeconds * 1000);
  producers.endWarmUp();
  const backlogBefore = await services.conversations.countWaitingTurns();
  const before = await countSaved(database, conversations);
  const cpu = watchCpu(installation.servers, {
    workers: processes.map(({ pid }) => pid),
    producers: producers.pids,
  });
  const startedAt = performance.now();
  await delay(seconds * 1000);
  const saved = (await countSaved(database, conversations)) - before;
  const costs = cpu();
  const perSecond = saved / ((performance.now() - startedAt) / 1000);
  const backlogAfter = await services.conversations.countWaitingTurns();
  const report = await producers.stop();
  const lost = report.finished - (await waitForSaved(database, conversations, report.finished));
  await Promise.all(processes.map((process) => process.stop()));
  const latencies = new Samples();
  for (const latency of report.latenciesMs) latencies.add(latency);
  return {
    turnsPerSecond: perSecond,
    saved,
    costs,
    latencies,
    lost,
    disordered: await countDisordered(database, conversations),
    errors: report.errors,
    backlog: [backlogBefore, backlogAfter],
  };
}

export function startWorkers({ product }: SaveInstallation, count: number): Promise<ProductProcess[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => product.startWorker(`worker ${index + 1}`)));
}

/** A caller's turns follow each other, so their ids, which grow with time, must grow with their numbers. */
async function countDisordered(database: Connection, { ownerId }: ConversationSet): Promise<number> {
  const [[row]] = await database.query<RowDataPacket[]>(
    `SELECT COUNT(*) AS n FROM (
       SELECT m.turn_id, LAG(m.turn_id) OVER (PARTITION BY m.conversation_id ORDER BY m.sequence) AS before_id
       FROM conversation_messages m JOIN conversations c ON c.id = m.conversation_id WHERE c.owner_id = ?
     ) m WHERE m.turn_id < m.before_id`,
    [ownerId],
  );
  return Number(row?.['n']);
}
