import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { runCommand } from './app-process.mjs';
import { readJson, writeFileAtomic } from './files.mjs';
import { say } from './terminal.mjs';

const EMAIL = 'admin@lockkeeper.local';
const FIRST_COINS = '1000';

/** @typedef {{ url: string, email: string, password: string, api_key: string }} Credentials */

/**
 * Makes the first administrator if the database has none, and keeps the credentials in the data directory.
 * The password is in a file before it is in use, so that a crash between leaves nobody locked out.
 *
 * @param {import('./environment.mjs').Settings} settings
 * @param {NodeJS.ProcessEnv} env for the command
 * @returns {Promise<Credentials | null>} null when another installation made this database's administrator
 */
export async function ensureAdministrator({ paths, url }, env) {
  /** @type {Credentials | null} */
  const known = readJson(paths.credentials);
  /** @type {Credentials | null} */
  const pending = readJson(paths.pendingCredentials);
  const proposed = pending ?? known ?? { email: EMAIL, password: randomBytes(18).toString('base64url') };
  const { email, password } = proposed;
  writeFileAtomic(paths.pendingCredentials, JSON.stringify({ email, password }));
  const ensure = async (/** @type {string[]} */ ...more) => {
    const args = ['ensure-administrator', '--email', email, '--coins', FIRST_COINS, '--json', ...more];
    const output = await runCommand(args, env, { input: `${password}\n` });
    return JSON.parse(output.trim().split('\n').at(-1) ?? '');
  };
  let result = await ensure();
  // A pending password whose administrator exists: the last start ended before it could write down the key.
  if (!result.created && pending && !known) result = await ensure('--reset-key');
  const credentials = result.api_key ? { url, email, password, api_key: result.api_key } : known;
  if (credentials)
    writeFileAtomic(paths.credentials, `${JSON.stringify({ ...credentials, url }, null, 2)}\n`);
  rmSync(paths.pendingCredentials, { force: true });
  return credentials && { ...credentials, url };
}

/**
 * @param {string} url
 * @param {Credentials | null} credentials
 */
export function printAddresses(url, credentials) {
  say(`
  API      ${url}
  Docs     ${url}/docs
  Health   ${url}/health
`);
  if (!credentials) {
    say('  The administrator of this database was not made here; sign in with the credentials you have.\n');
    return;
  }
  say(`  First administrator
  email    ${credentials.email}
  password ${credentials.password}
  API key  ${credentials.api_key}

  Try it:
  ${curlLine(url, credentials.api_key)}
`);
}

/**
 * @param {string} url
 * @param {string} key
 */
function curlLine(url, key) {
  const body = JSON.stringify({
    model: 'local',
    stream: true,
    messages: [{ role: 'user', content: 'Hello' }],
  });
  return `curl -N ${url}/v1/chat/completions -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' -d '${body}'`;
}
