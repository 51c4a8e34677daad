import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { configDefinitions } from './app.config.js';
import { loadProcessConfig, renderEnvExample } from './platform/config/index.js';
import { databaseConfig, migrateDatabase } from './platform/database/index.js';
import { runProcess } from './platform/process/index.js';

const HELP = `Usage: lockkeeper <command>

Commands
  migrate        bring the database schema up to this build (safe to repeat)
  env-example    print the text of .env.example
`;

/** Runs one of the operator's commands. */
async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    strict: false,
    options: { help: { type: 'boolean' } },
  });
  const [command] = positionals;
  if (values['help'] || command === undefined) return print(HELP);
  switch (command) {
    case 'migrate':
      return migrate();
    case 'env-example':
      return print(renderEnvExample(configDefinitions));
    default:
      throw new Error(`There is no command ${command}.\n\n${HELP}`);
  }
}

async function migrate(): Promise<void> {
  const applied = await migrateDatabase(loadProcessConfig(configDefinitions).get(databaseConfig));
  print(applied.length === 0 ? 'The schema is up to date.\n' : `Applied: ${applied.join(', ')}\n`);
}

function print(text: string): void {
  process.stdout.write(text);
}

runProcess(main);
