import { parseArgs } from 'node:util';
import { migrate } from './lib/app-process.mjs';
import { build } from './lib/build.mjs';
import { readSettings } from './lib/environment.mjs';
import { ensureRuntime } from './lib/runtime.mjs';
import { withServers } from './lib/servers-for-command.mjs';
import { runMain, say, step } from './lib/terminal.mjs';

const help = `npm run migrate

Brings the database up to this build, as "npm start" does before it starts. It is the database that
LOCKKEEPER_DATABASE_URL names, or else this installation's own, which is started for it if it does not run.`;

await runMain(async () => {
  const { values } = parseArgs({ options: { help: { type: 'boolean' } } });
  if (values.help) {
    say(help);
    return 0;
  }
  await ensureRuntime();
  const settings = readSettings();
  await build();
  await withServers(settings, async (env) => {
    say((await step('Migrating the database', () => migrate(env))).trimEnd());
  });
  return 0;
});
