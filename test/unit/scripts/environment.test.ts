import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSettings } from '../../../scripts/lib/environment.mjs';

let directory: string;
let envFile: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lockkeeper-environment-'));
  envFile = join(directory, '.env');
});

afterEach(() => rmSync(directory, { recursive: true }));

describe('what the operator set', () => {
  it('is read from .env, and the environment wins', () => {
    writeFileSync(envFile, 'PORT=4000\nLOCKKEEPER_HOST=0.0.0.0\n');
    const settings = readSettings({ PORT: '5000' }, envFile);
    expect(settings).toMatchObject({ port: 5000, host: '0.0.0.0', url: 'http://127.0.0.1:5000' });
    expect(settings.env).toMatchObject({ PORT: '5000', LOCKKEEPER_HOST: '0.0.0.0' });
  });

  it('has defaults without a .env', () => {
    expect(readSettings({}, envFile)).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      databaseUrl: undefined,
    });
  });

  it('takes an empty value as none', () => {
    writeFileSync(envFile, 'LOCKKEEPER_DATABASE_URL=\nLOCKKEEPER_REDIS_URL=redis://r:6379/0\n');
    expect(readSettings({}, envFile)).toMatchObject({ databaseUrl: undefined, redisUrl: 'redis://r:6379/0' });
  });

  it('keeps files in the data directory, unless it names another place', () => {
    const data = { LOCKKEEPER_DATA_DIR: directory };
    expect(readSettings(data, envFile).storageDir).toBe(join(directory, 'files'));
    const other = { ...data, LOCKKEEPER_STORAGE_DIR: '/srv/files' };
    expect(readSettings(other, envFile).storageDir).toBe('/srv/files');
  });

  it('is refused when the port is none', () => {
    expect(() => readSettings({ PORT: '80a' }, envFile)).toThrow('PORT must be a whole number');
    expect(() => readSettings({ PORT: '70000' }, envFile)).toThrow('PORT must be a whole number');
  });
});
