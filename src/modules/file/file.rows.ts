import {
  type FileStatus,
  type FileStep,
  fileSteps,
  type StepStatus,
  type StoredFile,
} from './domain/file.js';

export const FILE_COLUMNS = `id, owner_id, status, name, media_type, size_bytes, sha256, chunking, vectorization,
  \`storage\`, kg_extraction, message, job_id, created_at, changed_at`;

export interface FileRow extends Record<FileStep, StepStatus> {
  id: string;
  owner_id: string;
  status: FileStatus;
  name: string;
  media_type: string;
  size_bytes: string | number;
  sha256: Buffer | null;
  message: string | null;
  job_id: string | null;
  created_at: Date;
  changed_at: Date;
}

export function toFile(row: FileRow): StoredFile {
  return {
    id: row.id,
    ownerId: row.owner_id,
    status: row.status,
    name: row.name,
    mediaType: row.media_type,
    sizeBytes: Number(row.size_bytes),
    sha256: row.sha256?.toString('hex') ?? '',
    steps: Object.fromEntries(fileSteps.map((step) => [step, row[step]])) as Record<FileStep, StepStatus>,
    message: row.message,
    jobId: row.job_id,
    createdAt: row.created_at,
    changedAt: row.changed_at,
  };
}
