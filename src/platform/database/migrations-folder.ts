import { fileURLToPath } from 'node:url';

/** The `migrations` folder beside `dist` (or `src`, under a test runner): three levels above this file. */
export function migrationsFolder(): string {
  return fileURLToPath(new URL('../../../migrations', import.meta.url));
}
