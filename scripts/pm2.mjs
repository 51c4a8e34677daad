import { parseArgs } from 'node:util';
import { readSettings } from './lib/environment.mjs';
import { reload, requireRunning, runPm2, start, stop } from './lib/pm2.mjs';
import { ensureRuntime } from './lib/runtime.mjs';
import { OperatorError, runMain, say } from './lib/terminal.mjs';

const help = `npm run pm2 -- COMMAND [argument ...]

Runs the built product under PM2 as ecosystem.config.js says: the API as a cluster, and a worker. This PM2 lives
in the data directory (LOCKKEEPER_DATA_DIR, .data by default) and knows nothing of any other.

  start    start everything, and return when it serves
  reload   replace each process by one of the present build and settings; no request is lost
  stop     let everything finish what it does, then end it, and PM2 with it
  status   show the processes
  logs     follow their logs; "logs api --lines 100" and the like work too

LOCKKEEPER_DATABASE_URL and LOCKKEEPER_REDIS_URL, in the environment or .env, name the servers.
PM2_API_INSTANCES says how many processes the API has.`;

await runMain(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    strict: false,
    options: { help: { type: 'boolean' } },
  });
  const [command] = positionals;
  if (values.help || command === undefined) {
    say(help);
    return command === undefined && !values.help ? 1 : 0;
  }
  await ensureRuntime();
  const settings = readSettings();
  switch (command) {
    case 'start':
      return start(settings);
    case 'reload':
      return reload(settings);
    case 'stop':
      return stop(settings);
    case 'status':
      requireRunning(settings);
      return runPm2(settings, ['status']);
    case 'logs':
      requireRunning(settings);
      return runPm2(settings, process.argv.slice(process.argv.indexOf('logs')));
    default:
      throw new OperatorError(`There is no command ${command}.\n\n${help}`);
  }
});
