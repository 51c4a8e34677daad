import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';
import {
  type FileStatus,
  type FileStep,
  fileSteps,
  presentStatuses,
  type StepStatus,
} from '../domain/file.js';

const MAX_MESSAGE_LENGTH = 500;

/** From the steps; `SET` assigns from left to right, so it sees what was set before it. */
const STATUS_OF_STEPS = `status = CASE
  WHEN 'failed' IN (chunking, vectorization, \`storage\`, kg_extraction) THEN 'failed'
  WHEN chunking = 'completed' AND vectorization = 'completed' AND \`storage\` = 'completed'
    AND kg_extraction = 'completed' THEN 'completed'
  ELSE 'processing' END`;

/** How files stand in their processing: what of it must last. */
@Injectable()
export class ProgressRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Notes how a step stands. @returns how the file then stands; undefined if it is not there. */
  async noteStep(
    fileId: string,
    step: FileStep,
    status: StepStatus,
    message: string | undefined,
  ): Promise<FileStatus | undefined> {
    const column = columnOf(step);
    await this.transactions.single.query(
      `UPDATE files SET ${column} = ?, ${STATUS_OF_STEPS}, message = COALESCE(?, message),
         changed_at = UTC_TIMESTAMP(3)
       WHERE id = ? AND status IN (?) AND (${column} <> ? OR (? IS NOT NULL AND NOT message <=> ?))`,
      [status, cut(message), fileId, presentStatuses, status, cut(message), cut(message)],
    );
    const [row]: { status: FileStatus }[] = await this.transactions.single.query(
      'SELECT status FROM files WHERE id = ? AND status IN (?)',
      [fileId, presentStatuses],
    );
    return row?.status;
  }

  /** Notes that a task is to do these steps, from the beginning. @returns false if the file is not there. */
  async begin(
    transaction: Transaction,
    fileId: string,
    steps: readonly FileStep[],
    jobId: string,
  ): Promise<boolean> {
    const result: { affectedRows: number } = await transaction.query(
      `UPDATE files SET ${steps.map((step) => `${columnOf(step)} = 'pending'`).join(', ')}, status = 'queued',
         message = NULL, job_id = ?, changed_at = UTC_TIMESTAMP(3)
       WHERE id = ? AND status IN (?)`,
      [jobId, fileId, presentStatuses],
    );
    return result.affectedRows === 1;
  }

  /** Notes that a task has ended that leaves steps undone. Nothing, if another has begun since. */
  async noteAbandoned(fileId: string, jobId: string, message: string): Promise<void> {
    const undone = fileSteps.map(
      (step) => `${columnOf(step)} = IF(${columnOf(step)} = 'completed', 'completed', 'failed')`,
    );
    await this.transactions.single.query(
      `UPDATE files SET ${undone.join(', ')}, status = 'failed', message = ?, changed_at = UTC_TIMESTAMP(3)
       WHERE id = ? AND job_id = ? AND status IN ('queued', 'processing')`,
      [cut(message), fileId, jobId],
    );
  }
}

/** A step's name is its column's; `storage` is a word of SQL. */
function columnOf(step: FileStep): string {
  return `\`${step}\``;
}

function cut(message: string | undefined): string | null {
  return message?.toWellFormed().slice(0, MAX_MESSAGE_LENGTH) ?? null;
}
