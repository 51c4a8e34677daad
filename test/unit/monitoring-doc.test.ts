import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

/** Every reason that a verdict can give. */
function codesInSource(): string[] {
  const source = readdirSync(join(ROOT, 'src/modules'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
    .map((path) => readFileSync(join(ROOT, 'src/modules', path), 'utf8'))
    .join('\n');
  const found = [...source.matchAll(/reasonCode: '([a-z_]+)'/g)].map(([, code = '']) => code);
  return [...new Set(found)].sort();
}

it('docs/monitoring.md has a row for each reason that a verdict can give, and for no other', () => {
  const text = readFileSync(join(ROOT, 'docs/monitoring.md'), 'utf8');
  const rows = [...text.matchAll(/^\| (?:flow|execution|liveness) \| `([a-z_]+)` \|/gm)];
  const documented = rows.map(([, code = '']) => code);
  expect([...documented].sort()).toEqual(codesInSource());
  expect(documented).toHaveLength(new Set(documented).size);
});
