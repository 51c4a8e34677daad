import {
  type FileStatus,
  type FileStep,
  fileSteps,
  type StepStatus,
  type StoredFile,
} from '../domain/file.js';

/** How far a step is: 0 to 100. */
export interface StepProgress {
  readonly status: StepStatus;
  readonly progress: number;
}

/** How far a file is, as it stands under `processing:status:{file_id}` and is answered. */
export interface FileProgressDocument extends Record<FileStep, StepProgress> {
  readonly file_id: string;
  readonly status: FileStatus;
  readonly progress: number;
  readonly message: string | null;
}

/** How far an upload is, as it stands under `upload:progress:{file_id}`. */
export interface UploadProgressDocument {
  readonly file_id: string;
  readonly status: 'uploading' | 'completed';
  readonly progress: number;
  readonly received_bytes: number;
  readonly total_bytes: number | null;
}

const WHOLE = 100;

/** An upload is not done before it is accepted: 99 at the most. */
export function uploadDocument(
  fileId: string,
  receivedBytes: number,
  totalBytes: number | undefined,
): UploadProgressDocument {
  const share = totalBytes ? Math.floor((receivedBytes * WHOLE) / totalBytes) : 0;
  return {
    file_id: fileId,
    status: 'uploading',
    progress: Math.min(WHOLE - 1, share),
    received_bytes: receivedBytes,
    total_bytes: totalBytes ?? null,
  };
}

/** An upload that has been accepted. */
export function uploadedDocument(fileId: string, bytes: number): UploadProgressDocument {
  return {
    file_id: fileId,
    status: 'completed',
    progress: WHOLE,
    received_bytes: bytes,
    total_bytes: bytes,
  };
}

/**
 * How far a file is. What its row says holds; the cache adds how far the steps are that run, as far as it speaks of the
 * same state.
 */
export function toDocument(file: StoredFile, cached?: FileProgressDocument): FileProgressDocument {
  const steps = Object.fromEntries(
    fileSteps.map((step) => [step, stepOf(file.steps[step], cached?.[step])]),
  ) as Record<FileStep, StepProgress>;
  const sum = fileSteps.reduce((total, step) => total + steps[step].progress, 0);
  return {
    file_id: file.id,
    status: file.status,
    progress: Math.floor(sum / fileSteps.length),
    ...steps,
    message: file.message ?? null,
  };
}

function stepOf(status: StepStatus, cached: StepProgress | undefined): StepProgress {
  if (status === 'completed') return { status, progress: WHOLE };
  if (status === 'pending') return { status, progress: 0 };
  return { status, progress: cached?.status === status ? cached.progress : 0 };
}
