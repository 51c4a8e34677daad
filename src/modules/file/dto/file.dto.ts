import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../../platform/http/index.js';
import { idListSchema, idSchema } from '../../../shared/ids.js';
import { fileStatuses, stepStatuses, type StoredFile } from '../domain/file.js';
import type { FilePage } from '../file.repository.js';
import type { FileReceipt } from '../file-processing.service.js';

const MAX_NAMED = 100;
const EXAMPLE_ID = '0197c5a2-7d1e-7c3a-9f55-0d6c2b1e8a44';
const EXAMPLE_JOB_ID = '0197c5a2-8a02-7f10-b3c4-5e6f70819203';

export const fileParamsSchema = z.object({ id: idSchema.meta({ examples: [EXAMPLE_ID] }) });
export type FileParams = z.infer<typeof fileParamsSchema>;

export const fileListQuerySchema = z.object({
  id: idListSchema(MAX_NAMED)
    .optional()
    .meta({
      description: 'Only this file; may be repeated, up to 100 times. What is not there is left out.',
      examples: [[EXAMPLE_ID]],
    }),
  status: z
    .enum(['uploading', 'queued', 'processing', 'completed', 'failed'])
    .optional()
    .meta({ description: 'Only files that stand so; those that come in are listed only if asked for.' }),
  limit: z.coerce.number().int().min(1).max(100).default(20).meta({ description: 'At most so many.' }),
  cursor: z.string().max(500).optional().meta({ description: '`next_cursor` of the page before.' }),
});
export type FileListQuery = z.infer<typeof fileListQuerySchema>;

const status = z
  .enum(fileStatuses)
  .meta({ description: '`queued` until a worker begins to process it.', examples: ['queued'] });
const stepStatus = z.enum(stepStatuses).meta({ examples: ['completed'] });

export const fileReceiptSchema = z.object({
  file_id: z.uuid().meta({ examples: [EXAMPLE_ID] }),
  job_id: z.uuid().meta({ description: 'The task that processes it.', examples: [EXAMPLE_JOB_ID] }),
  status,
});
export type FileReceiptAnswer = z.infer<typeof fileReceiptSchema>;

export const fileSchema = z.object({
  id: z.uuid().meta({ examples: [EXAMPLE_ID] }),
  name: z.string().meta({
    description: 'Cleaned of folders and of what cannot be shown; its extension fits what is in the file.',
    examples: ['report.pdf'],
  }),
  media_type: z.string().meta({ description: 'By what is in the file.', examples: ['application/pdf'] }),
  size_bytes: z.int().meta({ examples: [48_211] }),
  sha256: z.string().meta({
    description: 'In hexadecimal.',
    examples: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
  }),
  status,
  steps: z.object({
    chunking: stepStatus,
    vectorization: stepStatus,
    storage: stepStatus,
    kg_extraction: stepStatus,
  }),
  message: z.string().nullable().meta({ description: 'What last happened in its processing.' }),
  job_id: z
    .uuid()
    .nullable()
    .meta({ examples: [EXAMPLE_JOB_ID] }),
  created_at: z.iso.datetime(),
  changed_at: z.iso.datetime(),
});
export type FileAnswer = z.infer<typeof fileSchema>;

export const filePageSchema = z.object({
  items: z.array(fileSchema).meta({ description: 'The newest first.' }),
  next_cursor: z.string().nullable().meta({ description: 'For the next page; null on the last.' }),
});
export type FilePageAnswer = z.infer<typeof filePageSchema>;

const percent = z
  .int()
  .min(0)
  .max(100)
  .meta({ examples: [50] });
const step = z.object({ status: stepStatus, progress: percent });

export const fileProgressSchema = z.object({
  file_id: z.uuid().meta({ examples: [EXAMPLE_ID] }),
  status,
  progress: percent,
  chunking: step,
  vectorization: step,
  storage: step,
  kg_extraction: step,
  message: z.string().nullable(),
});

/** For the API's description alone: a form is read by its parts. */
export const uploadForm = {
  type: 'object',
  required: ['file'],
  properties: {
    collection_id: {
      type: 'string',
      format: 'uuid',
      description:
        'Puts the file into this collection of yours. Best before the file: then it is checked first.',
    },
    file: { type: 'string', format: 'binary' },
  },
};

const position = z.tuple([z.uuid()]);

/** Before which file a page begins. @throws `invalid_request` for a cursor that is none of ours */
export function readFileCursor(cursor: string | undefined): string | undefined {
  return cursor === undefined ? undefined : decodeCursor(cursor, position)[0];
}

export function toFileAnswer(file: StoredFile): FileAnswer {
  return {
    id: file.id,
    name: file.name,
    media_type: file.mediaType,
    size_bytes: file.sizeBytes,
    sha256: file.sha256,
    status: file.status,
    steps: { ...file.steps },
    message: file.message,
    job_id: file.jobId,
    created_at: file.createdAt.toISOString(),
    changed_at: file.changedAt.toISOString(),
  };
}

export function toFilePageAnswer({ files, nextId }: FilePage): FilePageAnswer {
  return {
    items: files.map(toFileAnswer),
    next_cursor: nextId === null ? null : encodeCursor([nextId]),
  };
}

export function toReceiptAnswer({ fileId, jobId, status: stands }: FileReceipt): FileReceiptAnswer {
  return { file_id: fileId, job_id: jobId, status: stands };
}
