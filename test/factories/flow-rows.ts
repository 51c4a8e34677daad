import { randomUUID } from 'node:crypto';
import { type Connection, createConnection } from 'mysql2/promise';

/** A task of a flow: its kind, the queue of that kind, and the file that it works on. */
export interface FlowRow {
  name: string;
  queue: 'file_processing' | 'vectorization' | 'kg_extraction';
  fileId: string;
}

const COLUMNS = `id, owner_id, queue, name, subject_id, state, priority, max_retries, retry_interval_ms, timeout_ms,
  result_ttl_ms, failure_ttl_ms, payload, flow_id, step, created_at`;

/**
 * Puts a flow into the database of a product that runs as processes, as `POST /api/tasks/flows` would: none of the
 * product's own kinds of task may be submitted there. @returns the ids of the flow and of its tasks, step by step.
 */
export async function insertFlow(
  databaseUrl: string,
  ownerId: string,
  steps: readonly (readonly FlowRow[])[],
): Promise<{ flowId: string; steps: string[][] }> {
  const connection = await createConnection(databaseUrl);
  try {
    await connection.beginTransaction();
    const flowId = randomUUID();
    await connection.query(
      `INSERT INTO task_flows (id, owner_id, steps, current_step, unfinished, created_at)
       VALUES (?, ?, ?, 0, ?, UTC_TIMESTAMP(3))`,
      [flowId, ownerId, steps.length, steps[0]?.length ?? 0],
    );
    const ids: string[][] = [];
    for (const [step, tasks] of steps.entries()) {
      const idsOfStep: string[] = [];
      for (const task of tasks) idsOfStep.push(await insertTask(connection, ownerId, flowId, step, task));
      ids.push(idsOfStep);
    }
    await connection.commit();
    return { flowId, steps: ids };
  } finally {
    await connection.end();
  }
}

async function insertTask(
  connection: Connection,
  ownerId: string,
  flowId: string,
  step: number,
  { name, queue, fileId }: FlowRow,
): Promise<string> {
  const id = randomUUID();
  const state = step === 0 ? 'queued' : 'deferred';
  await connection.query(
    `INSERT INTO tasks (${COLUMNS})
     VALUES (?, ?, ?, ?, ?, ?, 5, 0, 60000, 3600000, 86400000, 86400000, ?, ?, ?, UTC_TIMESTAMP(3))`,
    [id, ownerId, queue, name, fileId, state, JSON.stringify({ file_id: fileId }), flowId, step],
  );
  await connection.query(
    `INSERT INTO task_lanes (owner_id, queue, is_waiting, ${state}) VALUES (?, ?, ?, 1)
     ON DUPLICATE KEY UPDATE is_waiting = is_waiting OR VALUES(is_waiting), ${state} = ${state} + 1`,
    [ownerId, queue, step === 0 ? 1 : 0],
  );
  return id;
}
