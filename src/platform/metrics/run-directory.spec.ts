import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openRunDirectory } from './run-directory.js';

const base = mkdtempSync(join(tmpdir(), 'run-directory-'));
afterAll(() => rmSync(base, { recursive: true }));
const databaseUrl = 'mysql://user:password@127.0.0.1:3306/lockkeeper';
/** A path to which no socket's name can be added. */
const longPath = join(base, 'x'.repeat(100));

it('is below the data directory, one for each database, for its user alone', () => {
  const directory = openRunDirectory({ runDir: undefined, dataDir: base, databaseUrl });
  expect(directory.startsWith(base)).toBe(true);
  expect(statSync(directory).mode & 0o077).toBe(0);
  const open = (url: string) => openRunDirectory({ runDir: undefined, dataDir: base, databaseUrl: url });
  // Another user of the same database belongs to the same installation.
  expect(open(databaseUrl.replace('user:password', 'other:secret'))).toBe(directory);
  expect(open(databaseUrl.replace('/lockkeeper', '/other'))).not.toBe(directory);
});

it('is in the temporary directory if the path of a socket would be too long', () => {
  const directory = openRunDirectory({ runDir: undefined, dataDir: longPath, databaseUrl });
  expect(directory.startsWith(join(tmpdir(), 'lockkeeper-'))).toBe(true);
  rmSync(directory, { recursive: true });
});

it('is refused if the operator has named one that is too long', () => {
  const open = () => openRunDirectory({ runDir: longPath, dataDir: base, databaseUrl });
  expect(open).toThrow(/LOCKKEEPER_RUN_DIR is too long/);
});
