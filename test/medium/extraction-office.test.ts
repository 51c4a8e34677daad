import { describe, expect, it } from 'vitest';
import type { ReadDocument } from '../../src/modules/extraction/index.js';
import {
  coreProperties,
  makeDocx,
  makeEpub,
  makePptx,
  makeXlsx,
  readContent,
  refusalOf,
  relationships,
  shape,
  wordParagraph,
  wordStyles,
} from '../factories/documents.js';
import { makeZip } from '../factories/zip.js';

function outline({ blocks }: ReadDocument): string[] {
  return blocks.map(({ kind, level, text }) => `${kind}${level ?? ''}: ${text}`);
}

describe('DOCX', () => {
  const cell = (text: string) => `<w:tc>${wordParagraph(text)}</w:tc>`;
  const row = (...texts: string[]) => `<w:tr>${texts.map(cell).join('')}</w:tr>`;

  it('has headings, paragraphs and tables', async () => {
    const body = [
      wordParagraph('使用手册', 'H1'),
      wordParagraph('First words &amp; more.'),
      wordParagraph('Sizes', 'H2'),
      `<w:tbl>${row('name', 'size')}${row('small', '1')}${row('large', '100')}</w:tbl>`,
      wordParagraph('After it.'),
    ];
    const styled = [
      wordStyles,
      relationships('word/_rels/document.xml.rels', { rId1: ['styles', 'styles.xml'] }),
    ];
    const document = await readContent(
      'docx',
      makeDocx(body.join(''), [...styled, coreProperties('Manual')]),
    );
    expect(document.title).toBe('Manual');
    expect(outline(document)).toEqual([
      'heading1: 使用手册',
      'paragraph: First words & more.',
      'heading2: Sizes',
      'table: name | size\nsmall | 1\nlarge | 100',
      'paragraph: After it.',
    ]);
    expect(document.blocks[3]?.place.section).toEqual(['使用手册', 'Sizes']);
  });

  it('is refused without its main part, and if it is no archive', async () => {
    const other = makeZip([{ name: 'a.txt', content: 'text' }]);
    expect(await refusalOf(readContent('docx', other))).toBe('document_broken');
    expect(await refusalOf(readContent('docx', 'just text'))).toBe('document_broken');
    const whole = makeDocx(wordParagraph('text'));
    expect(await refusalOf(readContent('docx', whole.subarray(0, whole.length - 40)))).toBe(
      'document_broken',
    );
    expect(await refusalOf(readContent('docx', makeDocx('')))).toBe('document_empty');
  });

  it('is refused by what it is if it is encrypted, or of an older Office', async () => {
    const compound = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(600)]);
    const encrypted = Buffer.concat([compound, Buffer.from('EncryptedPackage', 'utf16le')]);
    expect(await refusalOf(readContent('docx', encrypted))).toBe('document_encrypted');
    expect(await refusalOf(readContent('docx', compound))).toBe('document_type_unsupported');
    const zip = makeZip([{ name: 'word/document.xml', content: 'x', isEncrypted: true }]);
    expect(await refusalOf(readContent('docx', zip))).toBe('document_encrypted');
  });
});

describe('PPTX', () => {
  it('has the slides in the order they are shown, their titles first, tables and notes', async () => {
    const table =
      '<p:graphicFrame><a:graphic><a:graphicData><a:tbl>' +
      [
        ['name', 'size'],
        ['a', '1'],
      ]
        .map(
          (cells) =>
            `<a:tr>${cells.map((text) => `<a:tc><a:txBody><a:p><a:r><a:t>${text}</a:t></a:r></a:p></a:txBody></a:tc>`).join('')}</a:tr>`,
        )
        .join('') +
      '</a:tbl></a:graphicData></a:graphic></p:graphicFrame>';
    const document = await readContent(
      'pptx',
      makePptx([
        {
          content:
            shape(['A point', 'Another'], 'body') + shape(['The first'], 'title') + shape(['7'], 'sldNum'),
        },
        {
          content: shape(['第二张'], 'ctrTitle') + table,
          notes: shape(['Say this.'], 'body') + shape(['2'], 'sldNum'),
        },
        { content: shape(['A text box']) },
      ]),
    );
    expect(document.blocks.map(({ kind, text, place }) => [place.slide, kind, text])).toEqual([
      [1, 'heading', 'The first'],
      [1, 'list_item', 'A point'],
      [1, 'list_item', 'Another'],
      [2, 'heading', '第二张'],
      [2, 'table', 'name | size\na | 1'],
      [2, 'list_item', 'Say this.'],
      [3, 'paragraph', 'A text box'],
    ]);
    expect(document.blocks[6]?.place.section).toBeUndefined();
  });

  it('is refused without a presentation in it', async () => {
    expect(await refusalOf(readContent('pptx', makeXlsx({ A: '' })))).toBe('document_broken');
  });
});

describe('XLSX', () => {
  const text = (content: string) => `<si><t>${content}</t></si>`;

  it('has a table for each sheet, with shared, rich, inline and computed texts in their columns', async () => {
    const workbook = makeXlsx(
      {
        Prices:
          '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="inlineStr"><is><t>note</t></is></c></row>' +
          '<row r="2"><c r="A2" t="s"><v>2</v></c><c r="C2" t="str"><f>"a"&amp;"b"</f><v>ab</v></c></row>' +
          '<row r="5"><c r="A5" t="b"><v>1</v></c><c r="B5"><v>0.30000000000000004</v></c></row>',
        空表: '',
        Second: '<row><c><v>1</v></c><c><v>2</v></c></row>',
      },
      {
        strings: [
          text('item'),
          text('price'),
          '<si><r><t>苹</t></r><r><t>果</t></r><rPh><t>píng</t></rPh></si>',
        ],
      },
    );
    const { blocks } = await readContent('xlsx', workbook);
    expect(blocks.map(({ text, header, place }) => [place.sheet, place.row, header, text])).toEqual([
      ['Prices', 1, 'item | price | note', 'item | price | note\n苹果 | | ab'],
      ['Prices', 5, 'item | price | note', 'TRUE | 0.3'],
      ['Second', 1, undefined, '1 | 2'],
    ]);
  });

  it('shows dates as dates, and numbers of any length as they are', async () => {
    const styles =
      '<numFmts><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm"/><numFmt numFmtId="165" formatCode="[Red]0.00&quot;days&quot;"/></numFmts>' +
      '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>' +
      '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="21"/></cellXfs>';
    const cells = [
      ['1', '45292'],
      ['2', '45292.75'],
      ['3', '45292.5'],
      ['4', '0.5'],
      ['0', '45292'],
      ['0', '12345678901234567'],
    ].map(([style, value]) => `<c s="${style}"><v>${value}</v></c>`);
    const { blocks } = await readContent('xlsx', makeXlsx({ A: `<row>${cells.join('')}</row>` }, { styles }));
    expect(blocks[0]?.text).toBe(
      '2024-01-01 | 2024-01-01 18:00:00 | 45292.5 | 12:00:00 | 45292 | 12345678901234567',
    );
  });
});

describe('EPUB', () => {
  const chapter = (body: string) =>
    `<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script src="a.js"/></head><body>${body}</body></html>`;

  it('has the chapters of its spine in their order', async () => {
    const book = makeEpub('The book', [
      chapter('<h1>One</h1><p>First <a id="x"/>words.</p>'),
      chapter('<p>No heading here.</p>'),
      chapter('<h2>三</h2><p>最后。</p>'),
    ]);
    const document = await readContent('epub', book);
    expect(document.title).toBe('The book');
    expect(document.blocks.map(({ kind, text, place }) => [kind, text, place.section])).toEqual([
      ['heading', 'One', ['One']],
      ['paragraph', 'First words.', ['One']],
      ['paragraph', 'No heading here.', undefined],
      ['heading', '三', ['三']],
      ['paragraph', '最后。', ['三']],
    ]);
  });

  it('is refused if its chapters are encrypted, but not for its fonts', async () => {
    const encryption = (uri: string) => ({
      name: 'META-INF/encryption.xml',
      content: `<encryption><enc:EncryptedData xmlns:enc="urn:enc"><enc:CipherData><enc:CipherReference URI="${uri}"/></enc:CipherData></enc:EncryptedData></encryption>`,
    });
    const body = [chapter('<p>Text.</p>')];
    const locked = makeEpub('A', body, [encryption('OEBPS/text/chapter%200.xhtml')]);
    expect(await refusalOf(readContent('epub', locked))).toBe('document_encrypted');
    expect(outline(await readContent('epub', makeEpub('A', body, [encryption('OEBPS/font.otf')])))).toEqual([
      'paragraph: Text.',
    ]);
  });
});
