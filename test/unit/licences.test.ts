import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/lib/project.mjs';

/** Licences that let anybody use, change and pass on the product with its dependencies, closed or open. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
  // What a port of zlib passes on of it; it asks for no more than MIT does.
  'Zlib',
]);

/** Packages that are built into what browsers load, and so delivered, though the server needs none of them. */
const IN_PAGES = [
  '@mantine/core',
  '@mantine/hooks',
  '@tanstack/react-query',
  'react',
  'react-dom',
  'react-router',
  'redoc',
  'uplot',
];

/** Packages whose package.json says less than their LICENSE file, which was read: what each says, and the other says. */
const EXCEPTIONS: Readonly<Record<string, { manifest: string; file: string }>> = {
  decko: { manifest: 'none', file: 'The MIT License (MIT)' },
  stickyfill: { manifest: 'none', file: 'The MIT License (MIT)' },
  // The name is that of SPDX but for its hyphen.
  usearch: { manifest: 'Apache 2.0', file: `${' '.repeat(33)}Apache License` },
  // It has the three clauses of BSD-3-Clause.
  'url-template': { manifest: 'BSD', file: 'Copyright (c) 2012-2014, Bram Stein' },
  // It has the two clauses of BSD-2-Clause.
  duck: { manifest: 'BSD', file: 'Copyright (c) 2013, Michael Williamson' },
};

interface LockedPackage {
  dependencies?: Record<string, string>;
  dev?: boolean;
  devOptional?: boolean;
  optional?: boolean;
  link?: boolean;
  license?: string;
  version?: string;
}

/** Whether an SPDX expression leaves a choice that is allowed. */
function isAllowed(expression: string): boolean {
  const text = expression.replaceAll(/[()]/g, '').trim();
  return text
    .split(/ OR /i)
    .some((choice) => choice.split(/ AND /i).every((name) => ALLOWED.has(name.trim())));
}

/** What a package itself says, in the forms that were ever usual. */
function licenceOf(path: string): string | undefined {
  const manifest = JSON.parse(readFileSync(join(projectRoot, path, 'package.json'), 'utf8')) as {
    license?: string | { type?: string };
    licenses?: { type?: string }[];
  };
  if (typeof manifest.license === 'string') return manifest.license;
  return manifest.license?.type ?? manifest.licenses?.map(({ type }) => type).join(' OR ');
}

/** Whether a package is one whose files were read, and they are still the same. */
function isException(path: string, name: string, said: string): boolean {
  const exception = EXCEPTIONS[name];
  if (exception?.manifest !== said) return false;
  return readFileSync(join(projectRoot, path, 'LICENSE'), 'utf8').startsWith(exception.file);
}

const lock = JSON.parse(readFileSync(join(projectRoot, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, LockedPackage>;
};

/** Where a package that `from` asks for is: the nearest one up the folders. */
function pathOf(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/node_modules/'), 0))) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (path in lock.packages) return path;
    if (folder === '') return undefined;
  }
}

/** These packages and all that they ask for, by their paths. */
function withDependencies(names: readonly string[]): Set<string> {
  const found = new Set<string>();
  const add = (name: string, from: string) => {
    const path = pathOf(name, from);
    if (path === undefined || found.has(path)) return;
    found.add(path);
    for (const next of Object.keys(lock.packages[path]?.dependencies ?? {})) add(next, path);
  };
  for (const name of names) add(name, '');
  return found;
}

const inPages = withDependencies(IN_PAGES);
const delivered = Object.entries(lock.packages).filter(
  ([path, { dev, link }]) => path !== '' && link !== true && (dev !== true || inPages.has(path)),
);

describe('the licences of what the product is delivered with', () => {
  it('are known for all packages', () => {
    expect(delivered.length).toBeGreaterThan(150);
    // Those for other machines are not installed.
    const missing = delivered.filter(([path, { optional, devOptional }]) => {
      const isOptional = optional === true || devOptional === true;
      return !isOptional && !existsSync(join(projectRoot, path, 'package.json'));
    });
    expect(missing.map(([path]) => path)).toEqual([]);
  });

  it('are all allowed, by name', () => {
    const others = delivered.flatMap(([path, { license }]) => {
      const isInstalled = existsSync(join(projectRoot, path, 'package.json'));
      const said = (isInstalled ? licenceOf(path) : license) ?? 'none';
      const name = path.replace(/^.*node_modules\//, '');
      return isAllowed(said) || isException(path, name, said) ? [] : [`${name}: ${said}`];
    });
    expect([...new Set(others)]).toEqual([]);
  });

  it.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0)', true],
    ['(MIT AND Zlib)', true],
    ['(MIT AND LGPL-3.0)', false],
    ['GPL-3.0', false],
    ['none', false],
  ])('are understood: %s', (expression, verdict) => {
    expect(isAllowed(expression)).toBe(verdict);
  });
});
