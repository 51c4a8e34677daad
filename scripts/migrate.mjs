import { parseArgs } from 'node:util';
import { migrate } from './lib/app-process.mjs';
import { build } from './lib/build.mjs';
import { ensureSecret, readLauncher, takeDataDirectory } from './lib/data-directory.mjs';
import { readSettings } from './lib/environment.mjs';
import { knownServers, startServers } from './lib/product-servers.mjs';
import { ensureRuntime } from './lib/runtime.mjs';
import { stopLeftovers } from './lib/supervisor.mjs';
import { OperatorError, runMain, say, step } from './lib/terminal.mjs';

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
  if (readLauncher(settings.paths) !== null) {
    const { databaseUrl, redisUrl } = knownServers(settings);
    if (!databaseUrl || !redisUrl)
      throw new OperatorError('Lockkeeper is just starting; it migrates by itself.');
    await migrateAndReport(settings, { databaseUrl, redisUrl });
  } else if (settings.databaseUrl && settings.redisUrl) {
    await migrateAndReport(settings, { databaseUrl: settings.databaseUrl, redisUrl: settings.redisUrl });
  } else {
    await migrateOwnServers(settings);
  }
  return 0;
});

/** @param {import('./lib/environment.mjs').Settings} settings */
async function migrateOwnServers(settings) {
  await takeDataDirectory(settings.paths);
  await stopLeftovers(settings.paths.run);
  /** @type {Array<{ stop: () => Promise<void> }>} */
  const parts = [];
  try {
    const servers = await startServers({
      settings,
      register: (part) => parts.push(part),
      onGiveUp: say,
    });
    await migrateAndReport(settings, servers);
  } finally {
    for (const part of parts.toReversed()) await part.stop();
  }
}

/**
 * @param {import('./lib/environment.mjs').Settings} settings
 * @param {import('./lib/product-servers.mjs').ServerUrls} servers
 */
async function migrateAndReport(settings, { databaseUrl, redisUrl }) {
  const env = {
    ...settings.env,
    LOCKKEEPER_DATABASE_URL: databaseUrl,
    LOCKKEEPER_REDIS_URL: redisUrl,
    LOCKKEEPER_SECRET: settings.secret ?? ensureSecret(settings.paths),
  };
  say((await step('Migrating the database', () => migrate(env))).trimEnd());
}
