import { defineConfig, read, variable } from '../../platform/config/index.js';

const MEBIBYTE = 1024 * 1024;
const GIBIBYTE = 1024 * MEBIBYTE;

export const fileConfig = defineConfig('files', {
  maxBytes: variable({
    env: 'LOCKKEEPER_FILES_MAX_BYTES',
    description: 'The largest file that is taken, in bytes. Nginx has a limit of its own for it.',
    schema: read.integer(200 * MEBIBYTE, { min: 1, max: 10 * GIBIBYTE }),
    example: String(200 * MEBIBYTE),
  }),
  maxFilesPerUser: variable({
    env: 'LOCKKEEPER_FILES_MAX_PER_USER',
    description: 'How many files one user may have.',
    schema: read.integer(10_000, { min: 1, max: 1_000_000 }),
    example: '10000',
  }),
  maxBytesPerUser: variable({
    env: 'LOCKKEEPER_FILES_MAX_BYTES_PER_USER',
    description: 'How many bytes all files of one user may have together.',
    schema: read.integer(10 * GIBIBYTE, { min: 1, max: 1_000 * 1_000 * GIBIBYTE }),
    example: String(10 * GIBIBYTE),
  }),
  maxUploadsPerUser: variable({
    env: 'LOCKKEEPER_FILES_UPLOADS_PER_USER',
    description: 'How many files of one user may come in at a time.',
    schema: read.integer(8, { min: 1, max: 1_000 }),
    example: '8',
  }),
  maxUploadsPerProcess: variable({
    env: 'LOCKKEEPER_FILES_UPLOADS_PER_PROCESS',
    description:
      'How many files may come in at a time in one API process; each takes up to 20 MiB of memory with S3.',
    schema: read.integer(32, { min: 1, max: 10_000 }),
    example: '32',
  }),
  uploadTimeoutMs: variable({
    env: 'LOCKKEEPER_FILES_UPLOAD_TIMEOUT_MS',
    description: 'How long one file may take to come in, in milliseconds.',
    schema: read.integer(3_600_000, { min: 100, max: 86_400_000 }),
    example: '3600000',
  }),
});
