import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A place in which the processes of one test find each other, and nobody else's. */
export interface TestRunDirectory {
  readonly path: string;
  remove(): void;
}

export function createRunDirectory(): TestRunDirectory {
  const path = mkdtempSync(join(process.env['TEST_RUN_DIRECTORY'] ?? tmpdir(), 'run-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
