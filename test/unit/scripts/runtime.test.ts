import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isNodeSupported, modulesProblem } from '../../../scripts/lib/runtime.mjs';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lockkeeper-runtime-'));
  mkdirSync(join(root, 'node_modules'));
});

afterEach(() => rmSync(root, { recursive: true }));

type Entries = Record<string, { version: string; integrity: string; optional?: boolean }>;

function lock(packages: Entries) {
  const text = JSON.stringify({ packages: { '': { name: 'root' }, ...packages } });
  writeFileSync(join(root, 'package-lock.json'), text);
}

function install(packages: Entries) {
  writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }));
}

const one = { 'node_modules/a': { version: '1.0.0', integrity: 'x' } };

describe('installed modules', () => {
  it('are in step when each is the one of the lock file', () => {
    lock(one);
    install(one);
    expect(modulesProblem(root)).toBeNull();
  });

  it('are missing before the first installation, and after one that was cut short', () => {
    lock(one);
    expect(modulesProblem(root)).toBe('they are missing');
  });

  it('are out of step when the lock file names another version or content', () => {
    install(one);
    lock({ 'node_modules/a': { version: '1.0.1', integrity: 'x' } });
    expect(modulesProblem(root)).toBe('node_modules/a differs from the lock file');
    lock({ 'node_modules/a': { version: '1.0.0', integrity: 'y' } });
    expect(modulesProblem(root)).toBe('node_modules/a differs from the lock file');
  });

  it('are out of step when the lock file has one more', () => {
    install(one);
    lock({ ...one, 'node_modules/b': { version: '1.0.0', integrity: 'z' } });
    expect(modulesProblem(root)).toBe('node_modules/b is missing');
  });

  it('may lack what is meant for other platforms', () => {
    install(one);
    lock({ ...one, 'node_modules/b': { version: '1.0.0', integrity: 'z', optional: true } });
    expect(modulesProblem(root)).toBeNull();
  });
});

it('a Node below 22.13 cannot run the product', () => {
  expect(['20.19.0', '22.12.9', '22.13.0', '24.0.0'].map(isNodeSupported)).toEqual([
    false,
    false,
    true,
    true,
  ]);
});
