/** How a file stands. `uploading` and `deleting` files are not there for their owner. */
export const fileStatuses = ['uploading', 'queued', 'processing', 'completed', 'failed', 'deleting'] as const;
export type FileStatus = (typeof fileStatuses)[number];

/** Those of a file that is there. */
export const presentStatuses = ['queued', 'processing', 'completed', 'failed'] as const;

/** What is done with a file, in this order. */
export const fileSteps = ['chunking', 'vectorization', 'storage', 'kg_extraction'] as const;
export type FileStep = (typeof fileSteps)[number];

export const stepStatuses = ['pending', 'processing', 'completed', 'failed'] as const;
export type StepStatus = (typeof stepStatuses)[number];

/** A file of a user. */
export interface StoredFile {
  readonly id: string;
  readonly ownerId: string;
  readonly status: FileStatus;
  /** As it is shown: without folders, and with nothing that a file system or a page could trip over. */
  readonly name: string;
  /** By what is in it, not by what the client said. */
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** In hexadecimal; empty while it comes in. */
  readonly sha256: string;
  readonly steps: Readonly<Record<FileStep, StepStatus>>;
  /** What last happened in its processing, for its owner. */
  readonly message: string | null;
  /** The task that last began to process it. */
  readonly jobId: string | null;
  readonly createdAt: Date;
  readonly changedAt: Date;
}

/** Whether nothing more happens by itself. */
export function isSettled(status: FileStatus): boolean {
  return status === 'completed' || status === 'failed';
}
