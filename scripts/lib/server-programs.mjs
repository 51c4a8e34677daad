import { findProgram, programDirectories } from './files.mjs';
import { canInstallPackages, installPackages } from './packages.mjs';
import { OperatorError, step } from './terminal.mjs';

/**
 * A program this project, or its tests, run beside it: where it is known to be, and what brings it on Debian and Ubuntu.
 * @typedef {{ title: string, programs: string[], package: string }} ServerProgram
 */

/** @type {Record<'mariadb' | 'redis' | 'nginx' | 'curl' | 'chromium' | 'prometheus', ServerProgram>} */
export const serverPrograms = {
  mariadb: {
    title: 'MariaDB 10.6 or newer, or MySQL 8.0 or newer',
    programs: ['mariadbd', 'mysqld'],
    package: 'mariadb-server',
  },
  redis: {
    title: 'Redis 6.2 or newer, or Valkey',
    programs: ['redis-server', 'valkey-server'],
    package: 'redis-server',
  },
  nginx: { title: 'nginx', programs: ['nginx'], package: 'nginx' },
  curl: { title: 'curl', programs: ['curl'], package: 'curl' },
  chromium: { title: 'Chromium', programs: ['chromium', 'chromium-browser'], package: 'chromium' },
  // With promtool, in the same package.
  prometheus: { title: 'Prometheus', programs: ['prometheus'], package: 'prometheus' },
};

/**
 * Sees to it that server programs are installed: by apt when this is root on Debian or Ubuntu.
 * @param {Array<keyof typeof serverPrograms>} names
 * @param {{ directories?: string[], mayInstall?: boolean }} [options]
 *   where to look, and whether packages of the system may be installed
 * @throws {OperatorError} that says what to install
 */
export async function ensureServerPrograms(
  names,
  { directories = programDirectories(), mayInstall = true } = {},
) {
  const missing = () =>
    names
      .map((name) => serverPrograms[name])
      .filter(({ programs }) => findProgram(programs, directories) === null);
  const wanted = missing();
  if (wanted.length === 0) return;
  if (mayInstall && canInstallPackages()) {
    const packages = wanted.map((program) => program.package);
    await step(`Installing ${packages.join(' and ')} with apt`, () => installPackages(packages));
  }
  const stillMissing = missing();
  if (stillMissing.length > 0) throw new OperatorError(installAdvice(stillMissing));
}

/** @param {ServerProgram[]} missing */
function installAdvice(missing) {
  const lines = missing.map(({ title, programs }) => `  - ${title} (no ${programs.join(' or ')} was found)`);
  const packages = missing.map((program) => program.package).join(' ');
  return `This machine lacks:
${lines.join('\n')}

On Debian or Ubuntu install it with
  sudo apt-get install ${packages}
(or run this command once as root, which does that without starting the system's own services).
On macOS: brew install ${packages.replaceAll('-server', '')}`;
}
