import { readFileSync } from 'node:fs';

/** The version of this build: that of the `package.json` beside `dist` (or `src`, under a test runner). */
export function productVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
