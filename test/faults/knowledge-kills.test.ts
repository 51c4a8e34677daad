import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { TestReader } from '../factories/knowledge.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { waitUntil } from '../factories/wait.js';

const PROGRAM = fileURLToPath(new URL('../processes/knowledge-writer.mjs', import.meta.url));
const CHUNKS = 400;

let test: TestApp;
let reader: TestReader;
let writer: ChildProcess | undefined;
beforeAll(async () => {
  test = await createTestApp();
  reader = await TestReader.create(test);
});
afterEach(() => kill());
afterAll(() => test.close());

async function kill(): Promise<void> {
  if (!writer || writer.exitCode !== null || writer.signalCode !== null) return;
  const ended = once(writer, 'exit');
  writer.kill('SIGKILL');
  await ended;
}

function startWriter(fileId: string): void {
  writer = fork(PROGRAM, [reader.user.id, fileId, String(CHUNKS)], {
    env: { PATH: process.env['PATH'], ...test.environment },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/** How many of the file's chunks are being written, are found and embedded, are found, and are on their way out. */
async function standOf(fileId: string) {
  const [row]: Record<'coming' | 'embedded' | 'found' | 'going', string | null>[] =
    await reader.transactions.single.query(
      `SELECT SUM(c.generation > f.generation) AS coming, SUM(c.generation = f.generation) AS found,
         SUM(c.generation = f.generation AND c.embedder <> '') AS embedded,
         SUM(c.generation < f.generation) AS going
       FROM knowledge_chunks c JOIN knowledge_files f USING (file_no) WHERE f.file_id = ?`,
      [fileId],
    );
  return {
    coming: Number(row?.coming),
    found: Number(row?.found),
    embedded: Number(row?.embedded),
    going: Number(row?.going),
  };
}
type Stand = Awaited<ReturnType<typeof standOf>>;

const MOMENTS: Record<string, (stand: Stand) => boolean> = {
  'chunks are written beside those that are found': ({ coming, found }) =>
    coming > 0 && coming < CHUNKS && found === CHUNKS,
  'the old chunks are deleted': ({ going, coming }) => going > 0 && going < CHUNKS && coming === 0,
  'some are embedded': ({ embedded, going, coming }) =>
    embedded > 0 && embedded < CHUNKS && going === 0 && coming === 0,
};

it.each(Object.entries(MOMENTS))(
  'kill -9 while %s: one whole version is found, and the next run leaves nothing',
  async (name, isMoment) => {
    const fileId = randomUUID();
    const before = await reader.countRows();
    startWriter(fileId);
    await waitUntil(name, async () => isMoment(await standOf(fileId)), 60_000);
    await kill();
    const rounds = new Set<string | undefined>();
    let positions = 0;
    for await (const { text, position } of reader.knowledge.readChunks(fileId)) {
      rounds.add(/^round (\w+) /.exec(text)?.[1]);
      expect(position).toBe(positions++);
    }
    expect(positions).toBe(CHUNKS);
    expect(rounds.size).toBe(1);
    const [round] = rounds;
    // What is found is of that version, with and without a vector.
    const found = await reader.search('round piece7', { file_id: fileId, limit: '50' });
    expect(found.length).toBeGreaterThan(0);
    for (const { text } of found) expect(text).toContain(`round ${round} `);
    // Embedding goes on, and each chunk has one vector.
    await reader.embed(fileId);
    expect(await standOf(fileId)).toMatchObject({ found: CHUNKS, embedded: CHUNKS });
    await reader.replace(fileId, ['the end']);
    await reader.embed(fileId);
    const after = await reader.countRows();
    expect(after['chunks']! - before['chunks']!).toBe(1);
    expect(after['vectors']! - before['vectors']!).toBe(1);
    expect(after['terms']! - before['terms']!).toBe(2);
    expect(await reader.textsOf('round piece7', { file_id: fileId })).not.toContainEqual(
      expect.stringContaining('round'),
    );
  },
);
