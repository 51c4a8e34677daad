import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Row } from '../lib/benchmark.ts';
import { runClosedLoop } from '../lib/closed-loop.ts';
import { round } from '../lib/report.ts';
import { Samples } from '../lib/samples.ts';
import { ChatClient } from './chat-client.ts';
import type { ChatInstallation } from './installation.ts';
import type { TurnLog } from './turn-log.ts';

/** Callers that take streamed turns one after another. */
export interface Scenario {
  name: string;
  model: string;
  /** After how long the model gives its first token, left alone. */
  providerFirstTokenMs: number;
  streams: number;
  /** Over how many users the streams are spread; at most as many as there are. */
  users: number;
  seconds: number;
  warmUpSeconds: number;
}

export interface Measurement {
  scenario: Scenario;
  turnsPerSecond: number;
  firstByteOverhead: Samples;
  saveLags: Samples;
  errorCount: number;
  errors: ReadonlyMap<string, number>;
  mysqlStatementsATurn: number;
  row: Row;
  /** What a turn costs. */
  costRow: Row;
}

/** A conversation is continued this often, each time with all that came before as the model's prompt. */
const TURNS_A_CONVERSATION = 10;
const NANOSECONDS_PER_MS = 1e6;

/** A message of about sixty tokens. */
const MESSAGE =
  'The gate of the lower lock no longer closes well when the river is high. Please tell me, in the order in which ' +
  'I should do it, what to look at first, which tools I have to bring along, and how long the boats will have to ' +
  'wait above the weir while two of us work on the hinges.';

/** Runs one scenario, then waits until all its turns are saved, so that the next begins on an idle machine. */
export async function measureTurns(
  installation: ChatInstallation,
  scenario: Scenario,
  log: TurnLog,
): Promise<Measurement> {
  const client = new ChatClient(installation.apiUrl, scenario.streams);
  const loopDelay = monitorEventLoopDelay({ resolution: 5 });
  loopDelay.enable();
  const since = new Date();
  const logged = log.count;
  const before = await readCosts(installation);
  const load = await runClosedLoop({
    ...scenario,
    callers: scenario.streams,
    call: callerOf(installation, scenario, client, log),
  });
  loopDelay.disable();
  const unsaved = log.count - (await installation.countSaved());
  await installation.waitForSaves(log.count);
  const costs = costsOf(before, await readCosts(installation), log.count - logged);
  await client.close();
  const firstByteOverhead = new Samples();
  const totals = new Samples();
  for (const { firstByteMs, totalMs } of load.results) {
    firstByteOverhead.add(firstByteMs - scenario.providerFirstTokenMs);
    totals.add(totalMs);
  }
  const saveLags = await installation.saveLags(since);
  // Two scenarios may not share a moment, or the lags of the one would be counted with the other.
  await delay(5);
  const errorCount = [...load.errors.values()].reduce((sum, times) => sum + times, 0);
  const { name, streams } = scenario;
  return {
    scenario,
    turnsPerSecond: load.perSecond,
    firstByteOverhead,
    saveLags,
    errorCount,
    errors: load.errors,
    row: {
      scenario: name,
      streams,
      turns_per_s: round(load.perSecond),
      first_byte_p50_ms: round(firstByteOverhead.percentile(50)),
      first_byte_p99_ms: round(firstByteOverhead.percentile(99)),
      turn_p50_ms: round(totals.percentile(50)),
      turn_p99_ms: round(totals.percentile(99)),
      save_p50_ms: round(saveLags.percentile(50)),
      save_p99_ms: round(saveLags.percentile(99)),
      save_max_ms: round(saveLags.percentile(100)),
      unsaved_at_end: unsaved,
      generator_lag_p99_ms: round(loopDelay.percentile(99) / NANOSECONDS_PER_MS - 5),
      errors: errorCount,
    },
    mysqlStatementsATurn: costs['MySQL statements'] ?? Number.NaN,
    costRow: { scenario: name, streams, ...roundAll(costs) },
  };
}

/** Each caller has a conversation of its own, and begins another when it is long enough. */
function callerOf(installation: ChatInstallation, scenario: Scenario, client: ChatClient, log: TurnLog) {
  const { users } = installation;
  const conversations = new Map<number, { id: string; turns: number }>();
  return async (caller: number) => {
    const user = users[caller % Math.min(scenario.users, users.length)];
    const conversation = conversations.get(caller);
    const turn = await client.takeTurn({
      apiKey: user?.apiKey ?? '',
      model: scenario.model,
      text: MESSAGE,
      conversationId: conversation?.id,
    });
    log.add(turn);
    const turns = (conversation?.turns ?? 0) + 1;
    if (turns >= TURNS_A_CONVERSATION) conversations.delete(caller);
    else conversations.set(caller, { id: turn.conversationId, turns });
    return turn;
  };
}

/** Running totals, by the names under which they are reported. */
async function readCosts(installation: ChatInstallation): Promise<Record<string, number>> {
  const { mysqlStatements, redisCommands } = await installation.countAsked();
  const costs: Record<string, number> = {
    'MySQL statements': mysqlStatements,
    'Redis commands': redisCommands,
  };
  for (const [process, { cpuSeconds }] of installation.meter.read())
    costs[`${process} CPU ms`] = cpuSeconds * 1000;
  return costs;
}

function costsOf(
  before: Record<string, number>,
  after: Record<string, number>,
  turns: number,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after).map(([name, total]) => [name, (total - (before[name] ?? 0)) / turns]),
  );
}

function roundAll(costs: Record<string, number>): Row {
  return Object.fromEntries(Object.entries(costs).map(([name, cost]) => [name, round(cost)]));
}
