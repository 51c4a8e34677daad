import { parseArgs } from 'node:util';
import { build } from './lib/build.mjs';
import { ensureRuntime } from './lib/runtime.mjs';
import { runMain, say } from './lib/terminal.mjs';

const help = `npm run build -- [--force]

Compiles src and console to dist. Does nothing when nothing changed since the last build.

  --force   build in any case`;

await runMain(async () => {
  const { values } = parseArgs({ options: { force: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) return say(help);
  await ensureRuntime();
  const isBuilt = await build({ isForced: values.force ?? false });
  if (!isBuilt) say('dist is up to date.');
});
