import { parseArgs } from 'node:util';
import { runWorker } from './lib/app-process.mjs';
import { build } from './lib/build.mjs';
import { readSettings } from './lib/environment.mjs';
import { followNpm } from './lib/interruption.mjs';
import { ensureRuntime } from './lib/runtime.mjs';
import { withServers } from './lib/servers-for-command.mjs';
import { runMain, say } from './lib/terminal.mjs';

const help = `npm run worker -- [options]

Runs one more worker beside the product, on this terminal. Ctrl-C stops it in order. A worker that stops by itself to
be replaced by a fresh one (LOCKKEEPER_TASKS_RECYCLE_AFTER, LOCKKEEPER_TASKS_RECYCLE_RSS_MB) is started again.

  --queues A,B      take jobs from these queues only (LOCKKEEPER_WORKER_QUEUES)
  --concurrency N   run so many jobs of each at once (LOCKKEEPER_WORKER_CONCURRENCY)`;

await runMain(async () => {
  const { values } = parseArgs({
    options: { queues: { type: 'string' }, concurrency: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    say(help);
    return 0;
  }
  followNpm();
  await ensureRuntime();
  const settings = readSettings();
  await build();
  return await withServers(settings, (env) =>
    runWorker({
      ...env,
      ...(values.queues !== undefined && { LOCKKEEPER_WORKER_QUEUES: values.queues }),
      ...(values.concurrency !== undefined && { LOCKKEEPER_WORKER_CONCURRENCY: values.concurrency }),
    }),
  );
});
