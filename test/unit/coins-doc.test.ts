import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BookChecks } from '../../src/modules/coin-account/index.js';
import { LedgerCheck } from '../../src/modules/coin-account/books/ledger-check.js';
import { chainFaultKinds } from '../../src/modules/coin-account/domain/chain.js';
import { entryKinds } from '../../src/modules/coin-account/domain/journal.js';
import { TurnCheck } from '../../src/modules/chat/turn-check.js';
import { type ErrorKind, errorKinds } from '../../src/platform/errors/index.js';

const guide = readFileSync(new URL('../../docs/coins.md', import.meta.url), 'utf8');

/** The rows of the first table after a heading, as lists of cells. */
function tableAfter(heading: string): string[][] {
  const section = guide.slice(guide.indexOf(`## ${heading}`) + 3).split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((row) =>
    row
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, -1),
  );
}

function codesIn(cell: string | undefined): string[] {
  return [...(cell ?? '').matchAll(/`([a-z_]+)`/g)].map((match) => match[1] ?? '');
}

describe('docs/coins.md', () => {
  it('lists every error of the ledger with its status', () => {
    const listed = tableAfter('Errors').flatMap(([codes, status]) =>
      codesIn(codes).map((code) => `${code} ${status}`),
    );
    const definitionsIn = (path: string) => {
      const source = readFileSync(new URL(`../../src/${path}`, import.meta.url), 'utf8');
      return [...source.matchAll(/code: '(\w+)',\s+kind: '(\w+)'/g)];
    };
    const ofKeys = definitionsIn('platform/errors/common.errors.ts').filter(([, code]) =>
      code?.startsWith('idempotency_key'),
    );
    const definitions = [...definitionsIn('modules/coin-account/coin-account.errors.ts'), ...ofKeys];
    const defined = definitions.map(([, code, kind]) => `${code} ${errorKinds[kind as ErrorKind].status}`);
    expect(listed.sort()).toEqual(defined.sort());
  });

  it('lists every kind of disagreement', () => {
    const listed = tableAfter('Reconciling').flatMap(([kinds]) => codesIn(kinds));
    const checks = new BookChecks();
    const unused = undefined as never;
    const kinds = {
      ...new LedgerCheck(checks, unused).kinds,
      ...new TurnCheck(checks, unused, unused).kinds,
    };
    expect(listed.sort()).toEqual(Object.keys(kinds).sort());
  });

  it('names every fault of a chain and every kind of entry', () => {
    for (const name of [...chainFaultKinds, ...entryKinds]) expect(guide).toContain(`\`${name}\``);
  });
});
