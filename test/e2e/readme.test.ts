import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestInstallation } from '../factories/test-installation.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** What none of the commands prints. */
const BETWEEN = '@@ next @@';

/** The fenced blocks of one language in the section under this heading. */
function blocks(readme: string, heading: string, language: string): string[] {
  const section = readme.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] ?? '');
}

describe('what the README tells a newcomer to do', () => {
  let installation: TestInstallation;
  let readme: string;

  beforeAll(async () => {
    installation = await TestInstallation.create();
    await installation.start();
    // The test has a port and a data directory of its own; all else is as it stands.
    readme = (await readFile(`${root}/README.md`, 'utf8'))
      .replaceAll('http://127.0.0.1:3000', installation.url)
      .replaceAll('.data/', `${installation.dataDirectory}/`);
  });
  afterAll(() => installation.remove());

  it('works in a shell, from the first turn to a user with coins, a log line, a document and the periodic tasks', async () => {
    const script = blocks(readme, 'Use', 'sh').join(`\necho ${BETWEEN}\n`);
    const { stdout } = await run('/bin/bash', ['-euo', 'pipefail', '-c', script], {
      cwd: root,
      env: installation.environment(),
    });
    const [, turn = '', books = '', grant = '', log = '', document = '', schedules = ''] = stdout.split(
      `${BETWEEN}\n`,
    );
    expect(turn).toContain('data: [DONE]');
    expect(books).toContain('"title":"Hello"');
    expect(books).toContain('"settle"');
    expect(grant).toContain('25.000000');
    expect(log).toMatch(/"fate":"(queued|stored)"/);
    expect(document).toContain('"file_name":"coins.md"');
    const queues = document.slice(document.indexOf('Queues of tasks'));
    for (const name of ['file_processing', 'vectorization', 'kg_extraction']) expect(queues).toContain(name);
    expect(schedules).toContain('process-customer-service-queue');
  });

  it('works in JavaScript', async () => {
    const [program = ''] = blocks(readme, 'Use', 'js');
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: root });
    expect(stdout).toContain('What are you?');
  });

  it('names only files that are there', async () => {
    const links = [...readme.matchAll(/\]\((?!http)([^)#]+)/g)].map((match) => match[1] ?? '');
    expect(links.length).toBeGreaterThan(5);
    for (const link of links) await expect(run('test', ['-e', `${root}/${link}`])).resolves.toBeDefined();
  });
});
