import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestGraphFile, TestGraphs } from '../factories/graph.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';

const PROGRAM = fileURLToPath(new URL('../processes/graph-reader.mjs', import.meta.url));
const KILLS = 4;
const CHUNKS = 90;
/** From a batch that is done into the transactions of the next. */
const MAX_DELAY_MS = 150;

let test: TestApp;
beforeAll(async () => {
  test = await createTestApp();
});
afterAll(() => test.close());

/** Reads a file in a process of the built product, which is killed a moment after it has done a batch. */
async function readUntilKilled(file: TestGraphFile): Promise<void> {
  const mark = process.env['TEST_RUN_DIRECTORY'];
  const child = fork(PROGRAM, {
    env: { PATH: process.env['PATH'], ...(mark && { TEST_RUN_DIRECTORY: mark }), ...test.environment },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const early = ended.then(() => Promise.reject(new Error('The process ended before it was killed.')));
  early.catch(() => undefined);
  await Promise.race([once(child, 'message'), early]);
  child.send({ file: { fileId: file.fileId, ownerId: file.ownerId }, chunks: file.chunks() });
  await Promise.race([once(child, 'message'), early]);
  await delay(Math.random() * MAX_DELAY_MS);
  child.kill('SIGKILL');
  await ended;
}

it('a file whose reader is killed again and again has at the end what one reading gives', async () => {
  const graphs = new TestGraphs(test);
  const said = [
    'Ada Lovelace met Charles Babbage in London.',
    '马云在杭州创立了阿里巴巴集团。',
    'Marie Curie saw NASA.',
  ];
  const texts = Array.from({ length: CHUNKS }, (_, n) => `${said[n % said.length]} GPT-${n} came.`);
  const owner = randomUUID();
  const file = new TestGraphFile(owner, texts);
  const other = await graphs.fileOf(owner, ...texts.slice(0, 5));
  for (let kill = 0; kill < KILLS; kill++) {
    await readUntilKilled(file);
    // What it says changes in between, too.
    file.texts = texts.map((text, n) => (n % 7 === kill ? `${text} Then Ada Lovelace left.` : text));
  }
  const done = (await graphs.rowsOf(owner, [file, other])).chunks.length;
  expect(done).toBeGreaterThan(5);
  await graphs.read(file);
  const fresh = randomUUID();
  const wanted = [await graphs.fileOf(fresh, ...file.texts), await graphs.fileOf(fresh, ...other.texts)];
  expect(await graphs.rowsOf(owner, [file, other])).toEqual(await graphs.rowsOf(fresh, wanted));
  for (const { fileId } of [file, other, ...wanted]) await graphs.service.removeFile(fileId);
  expect(await graphs.countRows()).toBe(0);
});
