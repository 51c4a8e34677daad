import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { BenchContext, Row } from '../lib/benchmark.ts';
import { openServices } from '../lib/built-services.ts';
import { atLeast, atMost } from '../lib/goals.ts';
import { readMachine } from '../lib/process-meter.ts';
import { round } from '../lib/report.ts';
import { createUsers } from '../lib/users.ts';
import { startIdleWorkers } from './idle-workers.ts';
import { type MachineDocument, readDocuments } from './machine-documents.ts';
import { createInstallation, type PartResult, removeInstallation, type TaskInstallation } from './part.ts';
import { countTasks, readTime, submitIdle, untilAllEnded } from './task-rows.ts';
import { uploadStream } from './uploads.ts';

/** Half of them is measured with one worker, half with two. */
const FILES = 2_000;
const QUICK_FILES = 40;
const IDLE_TASKS = 4_000;
const QUICK_IDLE_TASKS = 200;
/** Of one user four tasks run at once in a queue: so many users keep two workers busy. */
const USERS = 8;
const WORKERS = [1, 2];
/** Two of each user. */
const UPLOADERS = 16;
const REPORT_MS = 10_000;

interface User {
  id: string;
  apiKey: string;
  collectionId: string;
}

/** Real documents from their upload to the last of their steps, and what the queue itself can do beside it. */
export async function measureDocuments(context: BenchContext): Promise<PartResult> {
  const { isQuick } = context.settings;
  const count = isQuick ? QUICK_FILES : FILES;
  const documents = readDocuments(count);
  context.report(`Documents: ${documents.length} of this machine`);
  const installation = await createInstallation(context);
  const api = await installation.product.startApi();
  const rows: Row[] = [];
  for (const [index, workers] of WORKERS.entries()) {
    const users = await createOwners(installation, api.url);
    const own = documents.filter((_, number) => number % WORKERS.length === index);
    rows.push(
      await measureIngestion(context, installation, { url: api.url, users, documents: own, workers }),
    );
  }
  const unfinished = (await countTasks(installation.database)).waiting;
  await api.stop();
  const idle = await measureIdle(context, installation, isQuick ? QUICK_IDLE_TASKS : IDLE_TASKS);
  await removeInstallation(installation);
  const failed = rows.reduce((sum, row) => sum + Number(row['failed']) + Number(row['refused']), 0);
  return {
    tables: [
      { title: 'Documents, from the first upload to the end of the last task', rows },
      { title: 'Tasks that do nothing, through the same queue', rows: idle },
    ],
    goals: [
      atLeast(count, 'files', 'documents that went through', documents.length - unfinished),
      // Those that cannot be read are refused for what is in them: of real ones, few.
      atMost(0.01, 'x', 'documents refused or not read, over all', failed / documents.length),
    ],
  };
}

async function createOwners({ environment }: TaskInstallation, url: string): Promise<User[]> {
  const users = await createUsers(environment, USERS, 0n, ['files']);
  return Promise.all(
    users.map(async (user) => {
      const response = await fetch(`${url}/api/collections`, {
        method: 'POST',
        headers: { authorization: `Bearer ${user.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'Documents' }),
      });
      if (!response.ok) throw new Error(`A collection was answered with ${response.status}.`);
      const { id } = (await response.json()) as { id: string };
      return { ...user, collectionId: id };
    }),
  );
}

interface Ingestion {
  url: string;
  users: readonly User[];
  documents: readonly MachineDocument[];
  workers: number;
}

async function measureIngestion(
  { report }: BenchContext,
  { database, product }: TaskInstallation,
  { url, users, documents, workers: count }: Ingestion,
): Promise<Row> {
  report(`Documents: ${documents.length} with ${count} worker(s)`);
  const workers = await Promise.all(
    Array.from({ length: count }, (_, index) => product.startWorker(`worker ${count}.${index + 1}`)),
  );
  const machine = readMachine();
  const startedAt = await readTime(database);
  const refused = await uploadAll(url, users, documents);
  const uploadedAt = await readTime(database);
  let reportedAt = performance.now();
  await untilAllEnded(database, ({ waiting, running }) => {
    if (performance.now() - reportedAt < REPORT_MS) return;
    reportedAt = performance.now();
    report(`Documents: ${waiting + running} left`);
  });
  const outcome = await readOutcome(database, users);
  const seconds = (outcome.endedAt.getTime() - startedAt.getTime()) / 1000;
  const { busySeconds, stolenSeconds } = readMachine();
  await Promise.all(workers.map((worker) => worker.stop()));
  return {
    workers: count,
    files: documents.length,
    refused,
    failed: outcome.failed,
    mib: round(documents.reduce((sum, { content }) => sum + content.length, 0) / 2 ** 20),
    chunks: outcome.chunks,
    uploaded_per_s: round((documents.length * 1000) / (uploadedAt.getTime() - startedAt.getTime())),
    seconds: round(seconds),
    files_per_s: round(documents.length / seconds),
    chunks_per_s: round(outcome.chunks / seconds),
    machine_busy_s: round(busySeconds - machine.busySeconds),
    stolen_s: round(stolenSeconds - machine.stolenSeconds),
  };
}

/** @returns how many were not taken for their type */
async function uploadAll(
  url: string,
  users: readonly User[],
  documents: readonly MachineDocument[],
): Promise<number> {
  let next = 0;
  let refused = 0;
  const uploadSome = async () => {
    for (let number = next++; number < documents.length; number = next++) {
      const user = users[number % users.length];
      const document = documents[number];
      if (!user || !document) return;
      const { name, content } = document;
      if (!(await uploadStream(url, user.apiKey, name, [content], user.collectionId))) refused++;
    }
  };
  await Promise.all(Array.from({ length: UPLOADERS }, uploadSome));
  return refused;
}

async function readOutcome(database: Connection, users: readonly User[]) {
  const ids = users.map(({ id }) => id);
  const [[files]] = await database.query<RowDataPacket[]>(
    `SELECT SUM(status <> 'completed') AS failed FROM files WHERE owner_id IN (?)`,
    [ids],
  );
  const [[chunks]] = await database.query<RowDataPacket[]>(
    `SELECT SUM(f.chunk_count) AS chunks FROM knowledge_files f JOIN knowledge_owners o USING (owner_no)
     WHERE o.owner_id IN (?)`,
    [ids],
  );
  const [[tasks]] = await database.query<RowDataPacket[]>(
    'SELECT MAX(ended_at) AS ended_at FROM tasks WHERE owner_id IN (?)',
    [ids],
  );
  return {
    failed: Number(files?.['failed'] ?? Number.NaN),
    chunks: Number(chunks?.['chunks'] ?? 0),
    endedAt: tasks?.['ended_at'] as Date,
  };
}

/** The ceiling: tasks are submitted while nobody works, then run as fast as their workers can. */
async function measureIdle(
  { report }: BenchContext,
  installation: TaskInstallation,
  count: number,
): Promise<Row[]> {
  const { database, environment } = installation;
  const services = await openServices(environment);
  const rows: Row[] = [];
  for (const workerCount of WORKERS) {
    report(`Tasks that do nothing: ${count} with ${workerCount} worker(s)`);
    const ids = (await createUsers(environment, USERS, 0n, ['tasks'])).map(({ id }) => id);
    const submitted = await submitIdle(services.tasks, ids, count, 0);
    const workers = await startIdleWorkers(installation, workerCount);
    await untilAllEnded(database);
    const [[row]] = await database.query<RowDataPacket[]>(
      `SELECT TIMESTAMPDIFF(MICROSECOND, MIN(started_at), MAX(ended_at)) / 1000000 AS seconds
       FROM tasks WHERE owner_id IN (?) AND state = 'finished'`,
      [ids],
    );
    await workers.stop();
    rows.push({
      workers: workerCount,
      tasks: count,
      submitted_per_s: round(submitted),
      tasks_per_s: round(count / Number(row?.['seconds'])),
    });
  }
  await services.close();
  return rows;
}
