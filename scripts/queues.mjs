import { build } from './lib/build.mjs';
import { runAttached } from './lib/app-process.mjs';
import { readSettings } from './lib/environment.mjs';
import { ensureRuntime } from './lib/runtime.mjs';
import { withServers } from './lib/servers-for-command.mjs';
import { runMain } from './lib/terminal.mjs';

await runMain(async () => {
  const args = process.argv.slice(2);
  await ensureRuntime();
  const settings = readSettings();
  await build();
  if (args.includes('--help')) return await runAttached(['queues', '--help'], settings.env);
  return await withServers(settings, (env) => runAttached(['queues', ...args], env));
});
