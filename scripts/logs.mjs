import { build } from './lib/build.mjs';
import { runAttached } from './lib/app-process.mjs';
import { readSettings } from './lib/environment.mjs';
import { ensureRuntime } from './lib/runtime.mjs';
import { withServers } from './lib/servers-for-command.mjs';
import { OperatorError, runMain } from './lib/terminal.mjs';

/** The command of the product behind each npm script. */
const commands = new Map([
  ['accounting', 'logs-accounting'],
  ['retention', 'logs-retention'],
]);

await runMain(async () => {
  const [name = '', ...args] = process.argv.slice(2);
  const command = commands.get(name);
  if (command === undefined) throw new OperatorError('npm run logs:accounting, npm run logs:retention');
  await ensureRuntime();
  const settings = readSettings();
  await build();
  if (args.includes('--help')) return await runAttached([command, '--help'], settings.env);
  return await withServers(settings, (env) => runAttached([command, ...args], env));
});
