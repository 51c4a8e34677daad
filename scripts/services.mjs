import { parseArgs } from 'node:util';
import { untilInterrupted } from './lib/interruption.mjs';
import { ensureRuntime } from './lib/runtime.mjs';
import { runMain, say } from './lib/terminal.mjs';
import { startTestServers } from './lib/test-servers.mjs';

const help = `npm run services

Starts a private, throw-away MariaDB and Redis for tests and prints the two lines that tell a shell of them.
They end, and their data is removed, with Ctrl-C.

  In another shell, after pasting the lines:  npx vitest --project medium`;

await runMain(async () => {
  const { values } = parseArgs({ options: { help: { type: 'boolean' } } });
  if (values.help) return say(help);
  await ensureRuntime();
  const { env, directory } = await startTestServers();
  for (const [name, value] of Object.entries(env)) say(`export ${name}=${value}`);
  say(`# files in ${directory}; Ctrl-C ends them and removes everything`);
  await untilInterrupted();
});
