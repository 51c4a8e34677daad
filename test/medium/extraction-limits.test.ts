import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DocumentReader, type ReadLimits } from '../../src/modules/extraction/index.js';
import { programArguments } from '../../src/modules/extraction/reading/program.js';
import { makeDocx, readContent, refusalOf, relationships, wordParagraph } from '../factories/documents.js';
import { waitUntil } from '../factories/wait.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lockkeeper-limits-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function writeDocument(name: string, content: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

function readPage(path: string, limits: Partial<ReadLimits> = {}, signal?: AbortSignal) {
  return new DocumentReader().read({ path, mediaType: 'text/html', name: 'a.html' }, limits, signal);
}

/** Processes that were started to read this file: its path is among what they may read. */
async function readersOf(path: string): Promise<string[]> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(
    processes.map(async (id) => [id, await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')] as const),
  );
  return commands.filter(([, command]) => command.includes(path)).map(([id]) => id);
}

/** A page that takes longer to read than anybody waits: each end is looked for among all that is open. */
const endless = '<b>'.repeat(9_000) + '</i>'.repeat(4_000_000);

describe('a process that reads a document', () => {
  it('is killed when its time is up', async () => {
    const path = await writeDocument('slow.html', endless);
    const startedAt = performance.now();
    expect(await refusalOf(readPage(path, { timeoutMs: 2_000 }))).toBe('document_too_slow');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(2_000);
    expect(await readersOf(path)).toEqual([]);
  });

  it('is killed when it takes too much memory', async () => {
    const path = await writeDocument('large.json', `[${'{"a":[1,2,3,{"b":"c"}]},'.repeat(1_500_000)}1]`);
    const source = { path, mediaType: 'application/json', name: 'large.json' };
    const reading = new DocumentReader().read(source, { memoryBytes: 160 * 1024 * 1024 });
    expect(await refusalOf(reading)).toBe('document_too_large');
    expect(await readersOf(path)).toEqual([]);
  });

  it('is killed when it takes too much memory outside of the heap', async () => {
    const picture = { name: 'word/media/a.bmp', content: Buffer.alloc(120 * 1024 * 1024), isStored: true };
    const document = makeDocx(wordParagraph('Text'), [picture]);
    const reading = readContent('docx', document, { memoryBytes: 130 * 1024 * 1024 });
    expect(await refusalOf(reading)).toBe('document_too_large');
  });

  it('is killed when it is aborted, which ends with the reason', async () => {
    const path = await writeDocument('aborted.html', endless);
    const abort = new AbortController();
    const reading = readPage(path, {}, abort.signal);
    const outcome = expect(reading).rejects.toBe('not wanted any more');
    await waitUntil('the process', async () => (await readersOf(path)).length === 1);
    abort.abort('not wanted any more');
    await outcome;
    expect(await readersOf(path)).toEqual([]);
    await expect(readPage(path, {}, abort.signal)).rejects.toBe('not wanted any more');
  });

  it('is gone when the document has been read', async () => {
    const path = await writeDocument('short.md', '# Short');
    expect((await readPage(path)).blocks).toHaveLength(1);
    expect(await readersOf(path)).toEqual([]);
  });

  it('may read its document, and no other file, nor write or start anything', async () => {
    const path = await writeDocument('own.md', 'text');
    const attempts = {
      own: `require('fs').readFileSync(${JSON.stringify(path)})`,
      other: `require('fs').readFileSync('/etc/hostname')`,
      listing: `require('fs').readdirSync('/')`,
      writing: `require('fs').writeFileSync(${JSON.stringify(path)}, 'x')`,
      process: `require('child_process').execFileSync('true')`,
      thread: `new (require('worker_threads').Worker)('1', { eval: true })`,
      code: `new Function('return 1')()`,
    };
    const script = Object.entries(attempts).map(
      ([name, attempt]) =>
        `try { ${attempt}; console.log('${name}: done') } catch (error) { console.log('${name}:', error.code ?? error.name) }`,
    );
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...programArguments(path, 512 * 1024 * 1024), '-e', script.join('\n')],
      { env: {} },
    );
    expect(stdout.trim().split('\n')).toEqual([
      'own: done',
      'other: ERR_ACCESS_DENIED',
      'listing: ERR_ACCESS_DENIED',
      'writing: ERR_ACCESS_DENIED',
      'process: ERR_ACCESS_DENIED',
      'thread: ERR_ACCESS_DENIED',
      'code: EvalError',
    ]);
  });

  it('asks the network for nothing that a document refers to', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const html = `<link rel=stylesheet href="${url}/a.css"><base href="${url}"><p>Text<img src="${url}/b.png"><iframe src="${url}/c"></iframe>`;
      expect((await readContent('html', html)).blocks.map(({ text }) => text)).toEqual(['Text']);
      const picture = relationships('word/_rels/document.xml.rels', {
        rId7: ['image', `${url}/d.png" TargetMode="External`],
      });
      const drawing = `<w:p><w:r><w:drawing><a:blip xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:link="rId7"/></w:drawing></w:r></w:p>`;
      const docx = makeDocx(wordParagraph('Text') + drawing, [picture]);
      expect((await readContent('docx', docx)).blocks.map(({ text }) => text)).toEqual(['Text']);
      expect(asked).toEqual([]);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

it('a file is refused unread if it is too large, of another type, or not there', async () => {
  const path = await writeDocument('refused.md', 'x'.repeat(101));
  expect(await refusalOf(readPage(path, { fileBytes: 100 }))).toBe('document_too_large');
  const other = new DocumentReader().read({ path, mediaType: 'image/png', name: 'a.png' });
  expect(await refusalOf(other)).toBe('document_type_unsupported');
  expect(await refusalOf(readPage(join(directory, 'none.md')))).toBe('ENOENT');
});
