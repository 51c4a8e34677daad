import { delimiter } from 'node:path';
import { parseArgs } from 'node:util';
import { readSettings } from './lib/environment.mjs';
import { followNpm } from './lib/interruption.mjs';
import { Launcher } from './lib/launcher.mjs';
import { ensureRuntime } from './lib/runtime.mjs';
import { runMain, say } from './lib/terminal.mjs';

const help = `npm start -- [options]

Runs the product: finds or starts MySQL/MariaDB and Redis, builds if the sources changed, migrates, and starts
the API and the worker. Ctrl-C stops everything it started.

MySQL and Redis are, in this order: what LOCKKEEPER_DATABASE_URL and LOCKKEEPER_REDIS_URL name (in the
environment or in .env); containers, if a Docker engine answers; private instances of the installed programs,
below the data directory; the same after installing them with apt, if this is root on Debian or Ubuntu.

  --verbose            show all log lines of API and worker, not only warnings and errors
  --no-install         never install packages of the operating system
  --server-path DIRS   look for server programs in these directories only (separated by "${delimiter}")

Environment: PORT (3000), LOCKKEEPER_HOST (127.0.0.1), LOCKKEEPER_DATA_DIR (.data); see .env.example.`;

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      verbose: { type: 'boolean' },
      'no-install': { type: 'boolean' },
      'server-path': { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    say(help);
    return 0;
  }
  followNpm();
  await ensureRuntime();
  const launcher = new Launcher(readSettings(), {
    isVerbose: values.verbose ?? false,
    mayInstall: !values['no-install'],
    directories: values['server-path']?.split(delimiter),
  });
  return await launcher.run();
});
