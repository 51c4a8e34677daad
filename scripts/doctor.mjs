import { parseArgs } from 'node:util';
import {
  checkBuild,
  checkDatabase,
  checkDataDirectory,
  checkModules,
  checkNode,
  checkPort,
  checkProcesses,
  checkPrograms,
  checkRedis,
} from './lib/doctor-checks.mjs';
import { readSettings } from './lib/environment.mjs';
import { runMain, say } from './lib/terminal.mjs';

const help = `npm run doctor -- [--json]

Says what is wrong with this installation and how to mend it. Changes nothing. The exit code is 1 if something
is wrong.

  --json   one document on stdout: {"ok": …, "findings": [{"check", "status", "message", "mend"}]}`;

const MARKS = { ok: '✓', wrong: '✗', unknown: '-' };

await runMain(async () => {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) {
    say(help);
    return 0;
  }
  const findings = await examine();
  const isWell = findings.every((finding) => finding.status !== 'wrong');
  if (values.json) say(JSON.stringify({ ok: isWell, findings }));
  else print(findings, isWell);
  return isWell ? 0 : 1;
});

async function examine() {
  const settings = readSettings();
  const modules = checkModules();
  const base = [
    checkNode(),
    modules,
    checkBuild(),
    await checkPort(settings),
    ...checkDataDirectory(settings),
    ...checkPrograms(settings),
  ];
  // The rest speaks to the servers through the product's own clients.
  if (modules.status === 'wrong') return base;
  return [
    ...base,
    ...(await checkDatabase(settings)),
    ...(await checkRedis(settings)),
    ...(await checkProcesses(settings)),
  ];
}

/**
 * @param {import('./lib/doctor-checks.mjs').Finding[]} findings
 * @param {boolean} isWell
 */
function print(findings, isWell) {
  for (const { check, status, message, mend } of findings) {
    say(`  ${MARKS[status]} ${check}: ${message}`);
    if (mend) say(`      → ${mend}`);
  }
  say(isWell ? '\nNothing is wrong.' : '\nSomething is wrong; see the lines marked with ✗.');
}
