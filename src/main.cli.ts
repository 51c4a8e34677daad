import 'reflect-metadata';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { configDefinitions } from './app.config.js';
import {
  type CommandOutcome,
  COINS_RECONCILE_HELP,
  COINS_VERIFY_HELP,
  reconcileCoins,
  verifyCoins,
} from './coins.command.js';
import {
  describeOutcome,
  ensureAdministrator,
  ENSURE_ADMINISTRATOR_HELP,
} from './ensure-administrator.command.js';
import { checkLogs, LOGS_ACCOUNTING_HELP, LOGS_RETENTION_HELP, retainLogs } from './logs.command.js';
import { QUEUES_HELP, showQueues } from './queues.command.js';
import { runSchedules, SCHEDULES_HELP } from './schedules.command.js';
import { type LoadedConfig, loadProcessConfig, renderEnvExample } from './platform/config/index.js';
import { databaseConfig, migrateDatabase } from './platform/database/index.js';
import { runProcess } from './platform/process/index.js';

const HELP = `Usage: lockkeeper <command>

Commands
  migrate                bring the database schema up to this build (safe to repeat)
  ensure-administrator   make the first administrator, unless there is one (--help tells more)
  coins-reconcile        compare balances, journal, holds and turns (--help tells more)
  coins-verify           look for altered, missing or moved entries of the journal (--help tells more)
  logs-accounting        compare accepted with stored logs (--help tells more)
  logs-retention         make and drop the days of the logs (--help tells more)
  schedules              show, run, pause and change periodic tasks (--help tells more)
  queues                 show the queues of tasks and their workers (--help tells more)
  env-example            print the text of .env.example
`;

const COMMAND_HELP: Record<string, string> = {
  'ensure-administrator': ENSURE_ADMINISTRATOR_HELP,
  'coins-reconcile': COINS_RECONCILE_HELP,
  'coins-verify': COINS_VERIFY_HELP,
  'logs-accounting': LOGS_ACCOUNTING_HELP,
  'logs-retention': LOGS_RETENTION_HELP,
  schedules: SCHEDULES_HELP,
  queues: QUEUES_HELP,
};

/** Runs one of the operator's commands. */
async function main(): Promise<void> {
  const { positionals, values } = readArguments();
  const [command] = positionals;
  if (values.help) return print(COMMAND_HELP[command ?? ''] ?? HELP);
  if (command === undefined) return print(HELP);
  switch (command) {
    case 'migrate':
      return migrate();
    case 'ensure-administrator': {
      const config = loadProcessConfig(configDefinitions);
      const outcome = await ensureAdministrator(config, values, readStandardInput);
      return print(values.json ? `${JSON.stringify(outcome)}\n` : describeOutcome(outcome));
    }
    case 'coins-reconcile':
      return runReport(reconcileCoins, values);
    case 'coins-verify':
      return runReport(verifyCoins, values);
    case 'logs-accounting':
      return runReport(checkLogs, values);
    case 'logs-retention':
      return runReport(retainLogs, values);
    case 'schedules':
      return runReport((config, options) => runSchedules(config, positionals.slice(1), options), values);
    case 'queues':
      return showQueues(loadProcessConfig(configDefinitions), values, print);
    case 'env-example':
      return print(renderEnvExample(configDefinitions));
    default:
      throw new Error(`There is no command ${command}.\n\n${HELP}`);
  }
}

/** @throws an error that shows the help, for an option that there is not. */
function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: 'boolean' },
        email: { type: 'string' },
        coins: { type: 'string' },
        'reset-key': { type: 'boolean' },
        account: { type: 'string' },
        json: { type: 'boolean' },
        'dry-run': { type: 'boolean' },
        'write-off': { type: 'boolean' },
        key: { type: 'string' },
        limit: { type: 'string' },
        default: { type: 'boolean' },
        watch: { type: 'boolean' },
      },
    });
  } catch (cause) {
    throw new Error(`${cause instanceof Error ? cause.message : String(cause)}\n\n${HELP}`, { cause });
  }
}

async function runReport<O>(
  run: (config: LoadedConfig, options: O) => Promise<CommandOutcome>,
  options: O,
): Promise<void> {
  const { output, exitCode } = await run(loadProcessConfig(configDefinitions), options);
  print(output);
  process.exitCode = exitCode;
}

async function migrate(): Promise<void> {
  const applied = await migrateDatabase(loadProcessConfig(configDefinitions).get(databaseConfig));
  print(applied.length === 0 ? 'The schema is up to date.\n' : `Applied: ${applied.join(', ')}\n`);
}

/** The first line of standard input. @throws if a person sits there: a typed password would be seen. */
async function readStandardInput(): Promise<string> {
  if (process.stdin.isTTY) {
    throw new Error('The password is read from standard input: printf %s PASSWORD | lockkeeper …');
  }
  for await (const line of createInterface({ input: process.stdin })) return line;
  return '';
}

function print(text: string): void {
  process.stdout.write(text);
}

runProcess(main);
