/** A process whose callers start and finish turns: started by producers.ts, which sends it its task. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { openServices } from '../lib/built-services.ts';
import { finishedTurn, startedTurn } from './bench-turns.ts';
import type { ProducerReport, ProducerTask } from './producers.ts';

const CHECK_INTERVAL_MS = 20;
/** How often it is looked which probes are visible: their latencies are too long by half of it. */
const PROBE_INTERVAL_MS = 2;
const TICK_MS = 5;

const [task] = (await once(process, 'message')) as [ProducerTask];
const services = await openServices(task.environment);
const report: ProducerReport = { finished: 0, errors: [], latenciesMs: [] };
let isStopped = false;
process.send?.('ready');
await once(process, 'message');
const running = task.turnsPerSecond === undefined ? produceAtWill() : produceAtRate(task.turnsPerSecond);
await once(process, 'message');
report.latenciesMs = [];
await once(process, 'message');
isStopped = true;
await running;
await services.close();
process.send?.(report, () => process.disconnect());

/** Every caller takes turns in conversations of its own, one after another, while few enough wait to be saved. */
async function produceAtWill(): Promise<void> {
  let isHeld = false;
  const watch = async () => {
    while (!isStopped) {
      isHeld = (await services.conversations.countWaitingTurns()) > task.backlogLimit;
      await delay(CHECK_INTERVAL_MS);
    }
  };
  const call = async (caller: number) => {
    for (let number = caller; !isStopped; number += task.callers) {
      if (isHeld) await delay(CHECK_INTERVAL_MS);
      else await takeTurn(number);
    }
  };
  await Promise.all([watch(), ...Array.from({ length: task.callers }, (_, caller) => call(caller))]);
}

/** Begins turns at their times, whether the ones before have ended or not. */
async function produceAtRate(turnsPerSecond: number): Promise<void> {
  const database = await createConnection({ uri: task.environment['LOCKKEEPER_DATABASE_URL'] ?? '' });
  const probes = new Map<string, number>();
  const watching = watchProbes(database, probes);
  const underWay = new Set<Promise<void>>();
  const startedAt = performance.now();
  for (let number = 0; !isStopped;) {
    const due = ((performance.now() - startedAt) / 1000) * turnsPerSecond;
    while (number < due) {
      const isProbe = number % task.probeEvery === 0;
      const turn = takeTurn(number++, isProbe ? probes : undefined).finally(() => underWay.delete(turn));
      underWay.add(turn);
    }
    await delay(TICK_MS);
  }
  await Promise.all(underWay);
  await watching;
  await database.end();
}

/** @param probes where the turn is noted with the time of its finish, if it is one of those that are watched */
async function takeTurn(number: number, probes?: Map<string, number>): Promise<void> {
  const conversationId = task.conversationIds[number % task.conversationIds.length] ?? '';
  try {
    const turn = startedTurn(conversationId, task.ownerId);
    const kept = await services.turns.start(turn);
    if (!kept) throw new Error('The turn was there before.');
    const finished = finishedTurn(turn);
    probes?.set(turn.id, performance.now());
    await services.turns.finish(kept, finished);
    report.finished++;
  } catch (error) {
    report.errors.push(String(error));
    await delay(CHECK_INTERVAL_MS);
  }
}

/** Takes the time at which turns are seen by another connection than the one that saves them. */
async function watchProbes(database: Connection, probes: Map<string, number>): Promise<void> {
  while (!isStopped || probes.size > 0) {
    if (probes.size > 0) {
      const [rows] = await database.query<RowDataPacket[]>('SELECT id FROM turns WHERE id IN (?)', [
        [...probes.keys()],
      ]);
      const now = performance.now();
      for (const row of rows) {
        const finishedAt = probes.get(row['id'] as string);
        if (finishedAt !== undefined) report.latenciesMs.push(now - finishedAt);
        probes.delete(row['id'] as string);
      }
    }
    await delay(PROBE_INTERVAL_MS);
  }
}
