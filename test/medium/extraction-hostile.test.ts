import { randomInt } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  type DocumentKind,
  makeDocx,
  makeEpub,
  makePptx,
  makeXlsx,
  readContent,
  refusalOf,
  relationships,
  shape,
  wordParagraph,
} from '../factories/documents.js';
import { makePdf } from '../factories/pdf.js';
import { makeZip } from '../factories/zip.js';

const MEBIBYTE = 1024 * 1024;
const zeros = (mebibytes: number) => Buffer.alloc(mebibytes * MEBIBYTE, ' ');
const sheetRow = '<row r="1"><c t="str"><v>cell</v></c></row>';

/** A thousand million words in a few hundred characters, if somebody resolves its entities. */
const laughs = [
  '<!DOCTYPE lolz [<!ENTITY lol0 "lol">',
  ...Array.from({ length: 9 }, (_, level) => `<!ENTITY lol${level + 1} "${`&lol${level};`.repeat(10)}">`),
  ']>',
].join('');
const intruding = '<!DOCTYPE d [<!ENTITY file SYSTEM "file:///etc/passwd">]>';

describe('an archive', () => {
  const limits = { entryBytes: 4 * MEBIBYTE, inflatedBytes: 8 * MEBIBYTE };

  it('of which one file inflates to too much is refused', async () => {
    const workbook = makeXlsx({ A: sheetRow + zeros(5).toString() });
    expect(await refusalOf(readContent('xlsx', workbook, limits))).toBe('document_too_large');
  });

  it('whose files inflate to too much together is refused, though nobody would read them', async () => {
    const files = Array.from({ length: 4 }, (_, index) => ({ name: `word/${index}.bin`, content: zeros(3) }));
    const document = makeDocx(wordParagraph('a'), files);
    expect(await refusalOf(readContent('docx', document, limits))).toBe('document_too_large');
  });

  it.each([
    ['less', { name: 'word/a.bin', content: zeros(5), statedSize: 10 }],
    ['more', { name: 'word/a.bin', content: 'a', statedSize: 0xfffffff0 }],
  ])('that states %s than it inflates to is refused', async (_, file) => {
    const document = makeDocx(wordParagraph('a'), [file]);
    expect(await refusalOf(readContent('docx', document, limits))).toBe('document_broken');
  });

  it('inside an archive is not opened', async () => {
    const inner = makeDocx(wordParagraph('Inner text'));
    const { blocks } = await readContent(
      'docx',
      makeDocx(wordParagraph('Outer text'), [{ name: 'word/embeddings/a.docx', content: inner }]),
    );
    expect(blocks.map(({ text }) => text)).toEqual(['Outer text']);
  });

  it('of too many files is refused', async () => {
    const files = Array.from({ length: 10_001 }, (_, index) => ({
      name: `a${index}`,
      content: '',
      isStored: true,
    }));
    expect(await refusalOf(readContent('epub', makeZip(files)))).toBe('document_too_large');
  });

  it('with paths that lead out of it, or two files of one name, is refused', async () => {
    for (const name of ['../../etc/passwd', '/etc/passwd', 'C:/a', 'word/../../a']) {
      const archive = makeDocx(wordParagraph('a'), [{ name, content: 'x' }]);
      expect(await refusalOf(readContent('docx', archive))).toBe('document_broken');
    }
    const twin = { name: 'word/twin.xml', content: 'x' };
    const double = makeDocx(wordParagraph('a'), [twin, twin]);
    expect(await refusalOf(readContent('docx', double))).toBe('document_broken');
  });

  it('whose parts refer to files outside of it is read without them', async () => {
    const slide = { name: 'ppt/slides/_rels/slide1.xml.rels', content: '' };
    const notes = relationships(slide.name, { rId1: ['notesSlide', '../../../../../../../etc/passwd'] });
    const pptx = makeZip([
      ...['ppt/presentation.xml', 'ppt/_rels/presentation.xml.rels'].map((name) => ({
        name,
        content: name.endsWith('.rels')
          ? '<Relationships><Relationship Id="rId1" Type="t/slide" Target="slides/slide1.xml"/><Relationship Id="rId2" Type="t/slide" Target="/../../etc/passwd"/></Relationships>'
          : '<p:presentation><p:sldId r:id="rId1"/><p:sldId r:id="rId2"/></p:presentation>',
      })),
      { name: 'ppt/slides/slide1.xml', content: '<p:sld><a:p><a:t>Text</a:t></a:p></p:sld>' },
      notes,
    ]);
    expect((await readContent('pptx', pptx)).blocks.map(({ text }) => text)).toEqual(['Text']);
  });
});

describe('XML', () => {
  it('that declares entities is refused, or they are not resolved', async () => {
    for (const declared of [laughs, intruding]) {
      const strings = makeXlsx(
        { A: sheetRow },
        { extra: [{ name: 'docProps/core.xml', content: `${declared}<a>&lol9;&file;</a>` }] },
      );
      expect(await refusalOf(readContent('xlsx', strings))).toBe('document_broken');
      const book = makeEpub('A', [`${declared}<html><body><p>Text &lol9;&file;</p></body></html>`]);
      const { blocks } = await readContent('epub', book);
      expect(blocks.map(({ text }) => text).join('').length).toBeLessThan(2_000);
      expect(JSON.stringify(blocks)).not.toContain('root:');
    }
    const word = makeZip([
      { name: '[Content_Types].xml', content: '<Types/>' },
      relationships('_rels/.rels', { rId1: ['officeDocument', 'word/document.xml'] }),
      {
        name: 'word/document.xml',
        content: `${laughs}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${wordParagraph('&lol9;')}</w:body></w:document>`,
      },
    ]);
    const outcome = await readContent('docx', word).then(
      ({ blocks }) => blocks.map(({ text }) => text).join(''),
      (error: unknown) => String((error as { code?: string }).code),
    );
    expect(outcome.length).toBeLessThan(100);
  });

  it('that is nested absurdly deep is refused', async () => {
    const deep = `${'<g>'.repeat(100_000)}${'</g>'.repeat(100_000)}`;
    expect(await refusalOf(readContent('xlsx', makeXlsx({ A: deep })))).toBe('document_broken');
    expect(await refusalOf(readContent('pptx', makePptx([{ content: deep }])))).toBe('document_broken');
    const tables = '<w:tbl><w:tr><w:tc>'.repeat(20_000) + '</w:tc></w:tr></w:tbl>'.repeat(20_000);
    expect(await refusalOf(readContent('docx', makeDocx(tables)))).toMatch(/^document_(?:broken|empty)$/);
  });
});

describe('text', () => {
  it('that is nested absurdly deep is refused', async () => {
    expect(await refusalOf(readContent('html', '<div>'.repeat(100_000)))).toBe('document_broken');
    expect(await refusalOf(readContent('json', `${'['.repeat(100_000)}${']'.repeat(100_000)}`))).toBe(
      'document_broken',
    );
    expect(await refusalOf(readContent('json', `${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`))).toBe(
      'document_broken',
    );
  });

  it('with Markdown marks nested absurdly deep is read as plain text', async () => {
    const { blocks } = await readContent('markdown', `${'> '.repeat(20_000)}quoted`);
    const marks =
      blocks
        .map(({ text }) => text)
        .join(' ')
        .split('>').length - 1;
    expect([marks, blocks.at(-1)?.text.endsWith('quoted')]).toEqual([20_000, true]);
  });

  it('with a quote that is never closed, or a number without end, is refused or read, and ends', async () => {
    expect(await refusalOf(readContent('csv', `a,"${'b,'.repeat(1_000_000)}`))).toBe('document_broken');
    const { blocks } = await readContent('json', `[${'9'.repeat(500_000)}]`);
    expect(blocks.reduce((length, { text }) => length + text.length, 0)).toBe(500_000);
  });

  it('of blanks in long runs is read', async () => {
    const blanks = ' '.repeat(1_000_000);
    const { blocks } = await readContent(
      'html',
      `<pre>a${blanks}b\n</pre><p>c${blanks}d</p><p>${'\n '.repeat(100_000)}</p>`,
    );
    expect(blocks.at(-1)?.text).toBe('c d');
  });
});

it('names without end are cut: they are said with each block', async () => {
  const name = 'n'.repeat(200_000);
  const workbook = await readContent('xlsx', makeXlsx({ [name]: sheetRow }));
  expect(workbook.blocks[0]?.place.sheet?.length).toBe(100);
  const page = await readContent('html', `<title>${name}</title><h1>${name}</h1><p>Text</p>`);
  expect(page.title?.length).toBe(300);
  expect(page.blocks.at(-1)?.place.section?.[0]?.length).toBeLessThanOrEqual(120);
});

describe('documents of which some bytes were changed', () => {
  const row = '<row r="1"><c t="str"><v>A cell of text</v></c></row>';
  const documents = {
    docx: makeDocx(wordParagraph('A paragraph of text').repeat(20)),
    pptx: makePptx([{ content: shape(['A paragraph of text']).repeat(20) }]),
    xlsx: makeXlsx({ A: row.repeat(20) }),
    epub: makeEpub('A', [`<html><body>${'<p>A paragraph of text</p>'.repeat(20)}</body></html>`]),
    pdf: makePdf([[{ text: 'A paragraph of text', y: 700 }]]),
    json: `[${'{"a":"text"},'.repeat(50)}1]`,
  };

  it.each(Object.entries(documents))('are read or refused: %s', async (kind, whole) => {
    const damaged = Array.from({ length: 5 }, () => {
      const copy = Buffer.from(whole);
      for (let count = 0; count < 6; count += 1) copy[randomInt(copy.length)] = randomInt(256);
      return copy.subarray(0, randomInt(2) === 0 ? copy.length : randomInt(1, copy.length));
    });
    for (const content of damaged) {
      const outcome = await readContent(kind as DocumentKind, content, { timeoutMs: 20_000 }).then(
        ({ blocks }) => (blocks.length > 0 ? 'read' : 'nothing'),
        (error: unknown) => (error as { code?: string }).code,
      );
      expect(outcome, content.toString('base64')).toMatch(
        /^(?:read|document_(?:broken|empty|encrypted|type_unsupported|too_large))$/,
      );
    }
  });
});

describe('a million cells', () => {
  it('of a workbook are read as far as may be, in bounded memory', async () => {
    const row = (number: number) => `<row r="${number}">${`<c><v>${number}</v></c>`.repeat(100)}</row>`;
    const rows = Array.from({ length: 10_000 }, (_, index) => row(index + 1)).join('');
    const limits = { characters: 2_000_000, memoryBytes: 400 * MEBIBYTE };
    const { blocks, isTruncated } = await readContent('xlsx', makeXlsx({ A: rows }), limits);
    expect(isTruncated).toBe(true);
    expect(blocks.at(-1)?.place.row).toBeGreaterThan(1_000);
  });

  it('far to the right and far below take no more than those that are there', async () => {
    const rows = Array.from(
      { length: 2_000 },
      (_, index) => `<row r="${(index + 1) * 500}"><c r="XFD${index}"><v>1</v></c></row>`,
    );
    const { blocks } = await readContent('xlsx', makeXlsx({ A: rows.join('') }));
    expect(blocks.at(-1)?.place.row).toBe(1_000_000);
    expect(Math.max(...blocks.map(({ text }) => text.length))).toBeLessThan(4_000);
  });

  it('of a page are read', async () => {
    const html = `<table>${`<tr>${'<td>1'.repeat(100)}`.repeat(10_000)}</table>`;
    const { blocks } = await readContent('html', html);
    expect(blocks.at(-1)?.place.row).toBeGreaterThan(9_900);
  });
});

describe('a PDF', () => {
  it('whose pages refer to themselves is refused', async () => {
    const pdf = makePdf([[{ text: 'a', y: 700 }]])
      .toString('latin1')
      .replace('/Kids [4 0 R]', '/Kids [2 0 R]');
    expect(await refusalOf(readContent('pdf', Buffer.from(pdf, 'latin1')))).toMatch(
      /^document_(?:broken|empty)$/,
    );
  });

  it('whose page inflates to too much is refused', async () => {
    const stream = deflateSync(zeros(200)).toString('latin1');
    const pdf = makePdf([[{ text: 'a', y: 700 }]]).toString('latin1');
    const bomb = pdf.replace(
      /<< \/Length \d+ >>\nstream\n[^]*?\nendstream/,
      () => `<< /Length ${stream.length} /Filter /FlateDecode >>\nstream\n${stream}\nendstream`,
    );
    const limits = { memoryBytes: 300 * MEBIBYTE, timeoutMs: 15_000 };
    expect(await refusalOf(readContent('pdf', Buffer.from(bomb, 'latin1'), limits))).toMatch(
      /^document_(?:too_large|too_slow|empty)$/,
    );
  });
});
