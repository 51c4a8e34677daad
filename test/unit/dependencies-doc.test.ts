import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);

interface Manifest {
  dependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  overrides: Record<string, string>;
}

async function readManifest(): Promise<Manifest> {
  return JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as Manifest;
}

it('docs/dependencies.md names each dependency, and none that is gone', async () => {
  const manifest = await readManifest();
  const document = await readFile(new URL('docs/dependencies.md', root), 'utf8');
  const rows = document.split('\n').filter((line) => line.startsWith('| `'));
  const named = rows.flatMap((line) =>
    [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1]),
  );
  const { dependencies, optionalDependencies, devDependencies } = manifest;
  const present = Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies });
  expect(new Set(named)).toEqual(new Set(present));
});

it('every version is exact', async () => {
  const { dependencies, optionalDependencies, devDependencies, overrides } = await readManifest();
  for (const version of Object.values({
    ...dependencies,
    ...optionalDependencies,
    ...devDependencies,
    ...overrides,
  })) {
    expect(version).toMatch(/^(npm:[a-z]+@)?\d+\.\d+\.\d+$/);
  }
});
