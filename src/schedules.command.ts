import type { INestApplicationContext } from '@nestjs/common';
import type { CommandOutcome } from './coins.command.js';
import {
  type LeaseState,
  type Schedule,
  ScheduleOperations,
  type SlotRecord,
  toScheduleAnswer,
  toSchedulerAnswer,
  toSlotAnswer,
} from './modules/scheduler/index.js';
import type { LoadedConfig } from './platform/config/index.js';
import { withCliApp } from './with-cli-app.js';

export const SCHEDULES_HELP = `Usage: lockkeeper schedules [list | mode]
       lockkeeper schedules run NAME [--key KEY]
       lockkeeper schedules pause | resume NAME
       lockkeeper schedules cron NAME EXPRESSION | --default
       lockkeeper schedules history NAME [--limit N]

Shows the periodic tasks and changes when they run. Redis may be away.

  list      every task: its cron (UTC), when it is due next, how it ended last (the default)
  mode      how the tasks are driven (by Redis or by a worker), and which worker has the lease
  run       has a task run now; the same --key is the same run
  pause     begins no further slot of a task; resume goes on from now
  cron      sets when a task is due, for good; --default goes back to what the code says
  history   what became of the latest slots (20 unless --limit says otherwise, 1000 at the most)

  --json    print JSON

Exit code 0. Write the expression in quotes: lockkeeper schedules cron NAME '*/10 * * * *'
`;

export interface SchedulesCommandOptions {
  json?: boolean | undefined;
  key?: string | undefined;
  limit?: string | undefined;
  default?: boolean | undefined;
}

/** What a command found: as JSON, and in words. */
interface Finding {
  readonly json: unknown;
  readonly text: string;
}

const actor = { kind: 'system' } as const;
const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1_000;

/** Runs `schedules`. @throws an error whose message is for the operator. */
export async function runSchedules(
  config: LoadedConfig,
  args: readonly string[],
  options: SchedulesCommandOptions,
): Promise<CommandOutcome> {
  const command = readCommand(args, options);
  const { json, text } = await withCliApp(config, command, { isRedisNeeded: false });
  return { output: options.json ? `${JSON.stringify(json)}\n` : text, exitCode: 0 };
}

function readCommand(
  args: readonly string[],
  options: SchedulesCommandOptions,
): (app: INestApplicationContext) => Promise<Finding> {
  const [verb = 'list', name = '', ...rest] = args;
  const withName = (work: (operations: ScheduleOperations) => Promise<Finding>, count = 0) => {
    if (name === '' || rest.length !== count) throw new Error(SCHEDULES_HELP);
    return (app: INestApplicationContext) => work(app.get(ScheduleOperations));
  };
  switch (verb) {
    case 'list':
      return async (app) => describeList(await app.get(ScheduleOperations).list());
    case 'mode':
      return async (app) => describeMode(await app.get(ScheduleOperations).overview());
    case 'run':
      return withName(async (operations) => describeRuns([await operations.run(actor, name, options.key)]));
    case 'pause':
      return withName(async (operations) => describeList([await operations.pause(actor, name)]));
    case 'resume':
      return withName(async (operations) => describeList([await operations.resume(actor, name)]));
    case 'cron': {
      const cron = options.default ? null : (rest[0] ?? null);
      return withName(
        async (operations) => describeList([await operations.setCron(actor, name, cron)]),
        options.default ? 0 : 1,
      );
    }
    case 'history': {
      const limit = readLimit(options.limit);
      return withName(async (operations) => describeRuns(await operations.listRuns(name, limit)));
    }
    default:
      throw new Error(`There is no command schedules ${verb}.\n\n${SCHEDULES_HELP}`);
  }
}

function readLimit(text: string | undefined): number {
  const limit = text === undefined ? DEFAULT_LIMIT : Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new Error(`--limit: a whole number from 1 to ${MAX_LIMIT}.`);
}

function describeList(schedules: readonly Schedule[]): Finding {
  const answers = schedules.map(toScheduleAnswer);
  const rows = answers.map((answer) => [
    answer.name,
    answer.cron + (answer.cron === answer.default_cron ? '' : ` (default ${answer.default_cron})`),
    answer.is_paused ? 'paused' : (answer.next_at ?? '-'),
    answer.last_outcome === null ? '-' : `${answer.last_outcome} ${answer.last_ended_at}`,
  ]);
  return { json: { items: answers }, text: table(['task', 'cron', 'next', 'last'], rows) };
}

function describeRuns(slots: readonly SlotRecord[]): Finding {
  const answers = slots.map(toSlotAnswer);
  const rows = answers.map((slot) => [
    slot.due_at,
    slot.reason === null ? slot.state : `${slot.state}: ${slot.reason}`,
    slot.path,
    String(slot.attempts),
    slot.lateness_ms === null ? '-' : `${slot.lateness_ms} ms`,
    slot.slots === 1
      ? JSON.stringify(slot.result ?? {})
      : `${slot.slots ?? 'many'} slots to ${slot.through_at}`,
  ]);
  return { json: { items: answers }, text: table(['due', 'state', 'path', 'tries', 'late', 'result'], rows) };
}

function describeMode(state: LeaseState): Finding {
  const answer = toSchedulerAnswer(state);
  const holder = answer.lease_holder ?? 'no worker';
  const drill = answer.drill_until === null ? '' : `A drill lasts until ${answer.drill_until}.\n`;
  return {
    json: answer,
    text: `${answer.mode} since ${answer.since}; ${holder} has the lease, epoch ${answer.epoch}.\n${drill}`,
  };
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
