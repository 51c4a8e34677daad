import { defineConfig, read, variable } from '../config/index.js';

export const storageConfig = defineConfig('storage', {
  kind: variable({
    env: 'LOCKKEEPER_STORAGE',
    description:
      'Where uploaded files are kept: local (a directory) or s3 (a bucket of an S3-compatible service).',
    schema: read.oneOf(['local', 's3'], 'local'),
    example: 'local',
  }),
  dir: variable({
    env: 'LOCKKEEPER_STORAGE_DIR',
    description:
      'The directory of local storage. All processes must see the same one. npm start sets one in its data directory.',
    schema: read.text('.data/files'),
    example: '.data/files',
  }),
  s3Endpoint: variable({
    env: 'LOCKKEEPER_STORAGE_S3_ENDPOINT',
    description: 'The address of the S3-compatible service; unset for AWS.',
    schema: read.optionalUrl(['http', 'https']),
    example: '',
  }),
  s3Region: variable({
    env: 'LOCKKEEPER_STORAGE_S3_REGION',
    description: 'The region of the bucket.',
    schema: read.text('us-east-1'),
    example: 'us-east-1',
  }),
  s3Bucket: variable({
    env: 'LOCKKEEPER_STORAGE_S3_BUCKET',
    description: 'The bucket, which must exist; for this product alone.',
    schema: read.text('lockkeeper'),
    example: 'lockkeeper',
  }),
  s3AccessKeyId: variable({
    env: 'LOCKKEEPER_STORAGE_S3_ACCESS_KEY_ID',
    description: 'The access key of the bucket; without one the AWS SDK looks for credentials by itself.',
    schema: read.text(''),
    example: '',
  }),
  s3SecretAccessKey: variable({
    env: 'LOCKKEEPER_STORAGE_S3_SECRET_ACCESS_KEY',
    description: 'The secret of the access key.',
    schema: read.text(''),
    example: '',
  }),
  s3PathStyle: variable({
    env: 'LOCKKEEPER_STORAGE_S3_PATH_STYLE',
    description:
      'Whether the bucket stands in the path and not in the name of the host, as MinIO and others want it.',
    schema: read.flag(true),
    example: 'true',
  }),
  timeoutMs: variable({
    env: 'LOCKKEEPER_STORAGE_TIMEOUT_MS',
    description: 'How long one request to the S3-compatible service may take, or be silent, in milliseconds.',
    schema: read.integer(30_000, { min: 100, max: 600_000 }),
    example: '30000',
  }),
});
