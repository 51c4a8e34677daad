/**
 * Installs Debian packages without starting, stopping or enabling any service: this project runs its own
 * instances of their programs.
 */
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { findProgram, programDirectories, writeFileAtomic } from './files.mjs';
import { atExit } from './interruption.mjs';
import { identifyProcess, isRunning, runProgram, waitUntil } from './processes.mjs';
import { OperatorError } from './terminal.mjs';

/** Asked by dpkg's maintainer scripts before they touch a service; 101 forbids (Debian policy 9.3.3.2). */
const POLICY = '/usr/sbin/policy-rc.d';
const SAVED_POLICY = `${POLICY}.before-lockkeeper`;
const OWNER_LINE = /^# Lockkeeper owner: (\d+) (\S+)$/m;
const INSTALL_TIMEOUT_MS = 15 * 60_000;

/** @returns {boolean} whether this is root on a Debian-like system */
export function canInstallPackages() {
  const programs = ['apt-get', 'dpkg-query'];
  return (
    process.getuid?.() === 0 && programs.every((name) => findProgram([name], programDirectories()) !== null)
  );
}

/**
 * @param {string[]} packages
 * @throws {OperatorError} with what apt said
 */
export async function installPackages(packages) {
  /** @type {string[]} */
  const added = [];
  for (const name of packages) if (!(await isInstalled(name))) added.push(name);
  const policy = await forbidServices();
  try {
    await aptInstall(packages, policy.handOver);
  } finally {
    policy.restore();
  }
  await disableUnits(added);
}

/**
 * @param {string[]} packages
 * @param {(owner: import('./processes.mjs').ProcessIdentity) => void} onSpawn
 */
async function aptInstall(packages, onSpawn) {
  const install = ['install', '--yes', '--no-install-recommends', ...packages];
  const first = await aptGet(install, onSpawn);
  if (first.code === 0) return;
  // Most often the package lists are missing or out of date.
  const update = await aptGet(['update'], onSpawn);
  const second = await aptGet(install, onSpawn);
  if (second.code === 0) return;
  const lists = update.code === 0 ? '' : `apt-get update failed:\n${update.output.trimEnd()}\n`;
  throw new OperatorError(
    `${lists}apt-get install ${packages.join(' ')} failed:\n${second.output.trimEnd()}`,
  );
}

/**
 * @param {string[]} args
 * @param {(owner: import('./processes.mjs').ProcessIdentity) => void} onSpawn
 */
function aptGet(args, onSpawn) {
  const options = [
    '-o',
    'DPkg::Lock::Timeout=300',
    '-o',
    'Acquire::Retries=3',
    '-o',
    'Dpkg::Options::=--force-confold',
  ];
  return runProgram('apt-get', [...options, ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'l' },
    timeoutMs: INSTALL_TIMEOUT_MS,
    detached: true,
    onSpawn,
  });
}

/**
 * Puts a policy in place that forbids every service action as long as its owner runs; the policy that was
 * there is kept aside, and asked once the owner is gone, so that even a crash leaves the system as it was.
 * @returns {Promise<{ handOver: (owner: import('./processes.mjs').ProcessIdentity) => void, restore: () => void }>}
 */
async function forbidServices() {
  if (!(await waitUntil(() => !isPolicyOwned(), INSTALL_TIMEOUT_MS))) {
    throw new OperatorError('Another Lockkeeper command has been installing packages for too long.');
  }
  restorePolicy();
  if (existsSync(POLICY)) renameSync(POLICY, SAVED_POLICY);
  const self = identifyProcess(process.pid);
  if (self) writePolicy(self);
  const forget = atExit(restorePolicy);
  return {
    handOver: writePolicy,
    restore: () => {
      forget();
      restorePolicy();
    },
  };
}

/** @param {import('./processes.mjs').ProcessIdentity} owner */
function writePolicy({ pid, started }) {
  const tick = started.split('/').at(-1);
  writeFileAtomic(
    POLICY,
    `#!/bin/sh
# Lockkeeper owner: ${pid} ${started}
# Keeps packages that are being installed from starting services; removed when that is done.
if [ "$(sed 's/.*) //' /proc/${pid}/stat 2>/dev/null | cut -d' ' -f20)" = "${tick}" ]; then exit 101; fi
if [ -x ${SAVED_POLICY} ]; then exec ${SAVED_POLICY} "$@"; fi
exit 0
`,
    0o755,
  );
}

function restorePolicy() {
  if (readPolicyOwner()) rmSync(POLICY, { force: true });
  if (existsSync(SAVED_POLICY) && !existsSync(POLICY)) renameSync(SAVED_POLICY, POLICY);
}

/** @returns {import('./processes.mjs').ProcessIdentity | null} */
function readPolicyOwner() {
  const match = existsSync(POLICY) ? OWNER_LINE.exec(readFileSync(POLICY, 'utf8')) : null;
  return match ? { pid: Number(match[1]), started: String(match[2]) } : null;
}

function isPolicyOwned() {
  return isRunning(readPolicyOwner());
}

/** @param {string} name */
async function isInstalled(name) {
  const result = await runProgram('dpkg-query', ['--show', '--showformat', '${db:Status-Status}', name]);
  return result.code === 0 && result.stdout === 'installed';
}

/**
 * Packages enable their services and sockets for the next boot; this project has no use for them.
 * @param {string[]} packages only what was newly installed
 */
async function disableUnits(packages) {
  const systemctl = findProgram(['systemctl'], programDirectories());
  for (const name of packages) {
    const files = (await runProgram('dpkg-query', ['--listfiles', name])).stdout;
    const units = [...files.matchAll(/\/systemd\/system\/([^/@\s]+\.(?:service|socket|timer))$/gm)];
    for (const [, unit = ''] of units) {
      // Without systemd the packages still leave their links, for the day it is installed.
      await runQuietly(systemctl ?? 'deb-systemd-helper', ['disable', unit]);
    }
    if (systemctl) continue;
    for (const [, script = ''] of files.matchAll(/^\/etc\/init\.d\/(\S+)$/gm)) {
      await runQuietly('update-rc.d', [script, 'disable']);
    }
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 */
async function runQuietly(command, args) {
  await runProgram(command, args, { timeoutMs: 60_000 });
}
