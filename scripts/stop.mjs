import { parseArgs } from 'node:util';
import { existsSync } from 'node:fs';
import { readLauncher, takeDataDirectory } from './lib/data-directory.mjs';
import { readSettings } from './lib/environment.mjs';
import { isRunning, signalProcess, waitUntil } from './lib/processes.mjs';
import { stopServerContainers } from './lib/product-servers.mjs';
import { ensureRuntime } from './lib/runtime.mjs';
import { runningProcesses, stopLeftovers } from './lib/supervisor.mjs';
import { OperatorError, runMain, say, step } from './lib/terminal.mjs';

/** A launcher waits for each of its parts in turn; this ends a wait for one that hangs. */
const STOP_TIMEOUT_MS = 5 * 60_000;

const help = `npm run stop

Stops the product that runs on this data directory (LOCKKEEPER_DATA_DIR, .data by default), and whatever a
launcher that was killed left running. Does nothing when nothing runs.`;

await runMain(async () => {
  const { values } = parseArgs({ options: { help: { type: 'boolean' } } });
  if (values.help) {
    say(help);
    return 0;
  }
  const settings = readSettings();
  const launcher = readLauncher(settings.paths);
  if (launcher) {
    await step(`Stopping Lockkeeper (process ${launcher.identity.pid})`, () => stopLauncher(launcher));
  } else if (existsSync(settings.paths.root) && runningProcesses(settings.paths.run).length > 0) {
    await ensureRuntime();
    await takeDataDirectory(settings.paths);
    const names = await step('Stopping what a killed launcher left', () => stopLeftovers(settings.paths.run));
    await stopServerContainers(settings);
    say(`Stopped ${names.join(', ')}.`);
  } else {
    say(`Nothing runs on ${settings.paths.root}.`);
  }
  return 0;
});

/** @param {import('./lib/data-directory.mjs').LauncherRecord} launcher */
async function stopLauncher({ identity }) {
  signalProcess(identity, 'SIGTERM');
  if (await waitUntil(() => !isRunning(identity), STOP_TIMEOUT_MS)) return;
  throw new OperatorError(`Process ${identity.pid} still runs after ${STOP_TIMEOUT_MS / 60_000} minutes.`);
}
