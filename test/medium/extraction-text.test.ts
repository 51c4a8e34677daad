import { describe, expect, it } from 'vitest';
import { type ReadDocument, plainTextOf } from '../../src/modules/extraction/index.js';
import { type DocumentKind, readContent, refusalOf } from '../factories/documents.js';

/** Blocks as `kind: text`, to be compared at a glance. */
async function outlineOf(kind: DocumentKind, content: string | Buffer): Promise<string[]> {
  return outline(await readContent(kind, content));
}

function outline({ blocks }: ReadDocument): string[] {
  return blocks.map(({ kind, level, text }) => `${kind}${level ?? ''}: ${text}`);
}

/** A text in a legacy charset, by looking for the bytes of each of its characters. */
function encode(text: string, charset: string): Buffer {
  const decoder = new TextDecoder(charset);
  const bytesOf = new Map<string, number[]>();
  for (let first = 0; first < 256; first += 1) {
    bytesOf.set(decoder.decode(Uint8Array.of(first)), [first]);
    for (let second = 0x40; first > 0x80 && second < 0xff; second += 1) {
      const character = decoder.decode(Uint8Array.of(first, second));
      if (character.length === 1 && !bytesOf.has(character)) bytesOf.set(character, [first, second]);
    }
  }
  return Buffer.from(Array.from(text).flatMap((character) => bytesOf.get(character) ?? [63]));
}

describe('plain text', () => {
  it('has a paragraph between empty lines, keeping its lines', async () => {
    expect(await outlineOf('text', 'One\r\ntwo.\r\n\r\n\r\nThree.\r\n')).toEqual([
      'paragraph: One\ntwo.',
      'paragraph: Three.',
    ]);
  });

  it('has chapters and indented paragraphs, as Chinese books are written', async () => {
    const book = '第一章 相遇\n　　天亮了。\n　　他出门去。\n第二章 离别\n　　天黑了。\n';
    const { blocks, language } = await readContent('text', book);
    expect(blocks.map(({ kind, text, place }) => [kind, text, place.section])).toEqual([
      ['heading', '第一章 相遇', ['第一章 相遇']],
      ['paragraph', '天亮了。', ['第一章 相遇']],
      ['paragraph', '他出门去。', ['第一章 相遇']],
      ['heading', '第二章 离别', ['第二章 离别']],
      ['paragraph', '天黑了。', ['第二章 离别']],
    ]);
    expect(language).toBe('zh');
  });

  const chinese = '知识库的文档会被分成小块，然后建立索引。用户提出问题时，系统会找到相关的段落。';
  it.each(['gb18030', 'big5'])('is understood in %s', async (charset) => {
    const text =
      charset === 'big5'
        ? '知識庫的文檔會被分成小塊，然後建立索引。用戶提出問題時，系統會找到相關的段落。'
        : chinese;
    const { blocks, language } = await readContent('text', encode(text, charset));
    expect(blocks.map((block) => block.text)).toEqual([text]);
    expect(language).toBe('zh');
  });

  it('is understood in UTF-16, with a byte order mark or without, and in UTF-8 with one', async () => {
    const little = Buffer.from('Plain words of a text.', 'utf16le');
    const big = Buffer.from(little).swap16();
    const marks = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff]), Buffer.from([0xef, 0xbb, 0xbf])];
    for (const content of [
      little,
      big,
      Buffer.concat([marks[0]!, little]),
      Buffer.concat([marks[1]!, big]),
      Buffer.concat([marks[2]!, Buffer.from('Plain words of a text.')]),
    ]) {
      expect(await outlineOf('text', content)).toEqual(['paragraph: Plain words of a text.']);
    }
  });

  it('loses control characters', async () => {
    const text = 'Enough text that nobody takes it for anything else. '.repeat(20).trim();
    expect(await outlineOf('text', `a\u0000b\u0007c ${text}\u00AD`)).toEqual([`paragraph: abc ${text}`]);
  });

  it('is refused if it is no text, or has none', async () => {
    const binary = Buffer.from(Array.from({ length: 2_000 }, (_, index) => (index * 37) % 256));
    expect(await refusalOf(readContent('text', binary))).toBe('document_type_unsupported');
    expect(await refusalOf(readContent('text', ''))).toBe('document_empty');
    expect(await refusalOf(readContent('text', ' \n\t\n '))).toBe('document_empty');
  });

  it('is cut where it may not be read further, and says so', async () => {
    const text = 'word '.repeat(100_000);
    const document = await readContent('text', text, { characters: 60_000 });
    expect(document.isTruncated).toBe(true);
    expect(plainTextOf(document.blocks).length).toBeGreaterThan(50_000);
    expect(plainTextOf(document.blocks).replaceAll(/\s/g, '').length).toBeLessThanOrEqual(60_000);
    expect((await readContent('text', 'word '.repeat(10_000), { characters: 60_000 })).isTruncated).toBe(
      false,
    );
  });

  it('has blocks of a bounded size, however long a line is', async () => {
    const { blocks } = await readContent('text', `${'x'.repeat(120_000)} ${'句子很长。'.repeat(20_000)}`);
    expect(Math.max(...blocks.map(({ text }) => text.length))).toBeLessThanOrEqual(20_000);
    const read = blocks.map(({ text }) => text).join('');
    expect(read.replaceAll(' ', '') === `${'x'.repeat(120_000)}${'句子很长。'.repeat(20_000)}`).toBe(true);
    // Where a sentence ends there is a better place to cut than after so many characters.
    expect(blocks.slice(6).every(({ text }) => text.endsWith('。'))).toBe(true);
  });
});

describe('Markdown', () => {
  it('has headings, lists, tables and code, without the marks', async () => {
    const markdown = [
      '---\ntitle: "A guide"\ntags: [a]\n---',
      '# Guide\n\nSome *plain* **words** with [a link](https://example.com) &amp; `code`.',
      '## Steps\n\n1. First\n2. Second\n   - inner',
      '| name | size |\n|---|---|\n| a | 1 |',
      '```js\nif (a) {\n  b();\n}\n```',
      '<div>HTML <b>too</b></div>',
    ].join('\n\n');
    const document = await readContent('markdown', markdown);
    expect(outline(document)).toEqual([
      'code: title: "A guide"\ntags: [a]',
      'heading1: Guide',
      'paragraph: Some plain words with a link & code.',
      'heading2: Steps',
      'list_item: 1. First',
      'list_item: 2. Second',
      'list_item: inner',
      'table: name | size\na | 1',
      'code: if (a) {\n  b();\n}',
      'paragraph: HTML too',
    ]);
    expect(document.title).toBe('A guide');
    expect(document.blocks[7]).toMatchObject({
      header: 'name | size',
      place: { row: 1, section: ['Guide', 'Steps'] },
    });
  });

  it('is told from plain text by its name', async () => {
    expect(await outlineOf('markdown', '# A')).toEqual(['heading1: A']);
    expect(await outlineOf('text', '# A')).toEqual(['paragraph: # A']);
  });
});

describe('HTML', () => {
  it('has what people read of a page, and not its scripts', async () => {
    const html = `<!doctype html><html><head><title> The
      page </title><style>p { color: red }</style><script>if (a < b) alert("no")</script></head>
      <body><nav><a href="/">Home</a></nav><h1>The <em>page</em></h1>
      <p>One<br>two &eacute;&#x4E2D;.<p>Three <span hidden>unseen</span><ul><li>a<ul><li>b</ul><li>c</ul>
      <ol start=3><li><p>three</p><p>more</p><li>four</ol>
      <pre>  x
    y</pre><svg><text>no</text></svg>tail</body></html>`;
    const document = await readContent('html', html);
    expect(document.title).toBe('The page');
    expect(outline(document)).toEqual([
      'paragraph: Home',
      'heading1: The page',
      'paragraph: One\ntwo é中.',
      'paragraph: Three',
      'list_item: a',
      'list_item: b',
      'list_item: c',
      'list_item: 3. three',
      'list_item: more',
      'list_item: 4. four',
      'code:   x\n    y',
      'paragraph: tail',
    ]);
  });

  it('has tables row by row; one inside another is text of its cell; one column is no table', async () => {
    const html = `<table><caption>Sizes</caption><thead><tr><th>name<th>size</thead>
      <tr><td>a<td><table><tr><td>1<td>2</table>
      <tr><td>b</td><td>3<br>4</td></tr></table><table><tr><td><p>Layout</p></td></tr></table>after`;
    const { blocks } = await readContent('html', html);
    expect(blocks.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
      'paragraph: Sizes',
      'table: name | size\na | 1 2\nb | 3 4',
      'paragraph: Layout',
      'paragraph: after',
    ]);
    expect(blocks[1]).toMatchObject({ header: 'name | size' });
  });

  it('is understood in the charset that it declares', async () => {
    const html = '<html><head><meta charset="gbk"></head><body><p>短文</p></body></html>';
    expect(await outlineOf('html', encode(html, 'gbk'))).toEqual(['paragraph: 短文']);
  });
});

describe('CSV', () => {
  it('is a table whose blocks know their rows, quotes and all', async () => {
    const { blocks } = await readContent('csv', 'name,note\na,"x, ""y""\nz"\n\nb,2\n');
    expect(blocks.map(({ text, header, place }) => [text, header, place.row])).toEqual([
      ['name | note\na | x, "y" z', 'name | note', 1],
      ['b | 2', 'name | note', 4],
    ]);
  });

  it.each([';', '\t', '|'])('may be divided by %j', async (delimiter) => {
    const rows = [
      ['name', 'note'],
      ['a, b', '1'],
      ['c', '2'],
    ];
    const content = rows.map((row) => row.join(delimiter)).join('\n');
    expect(await outlineOf('csv', content)).toEqual(['table: name | note\na, b | 1\nc | 2']);
  });

  it('has no row of headings if its first row has numbers', async () => {
    const { blocks } = await readContent('csv', '1,2\n3,4\n');
    expect(blocks).toEqual([{ kind: 'table', text: '1 | 2\n3 | 4', place: { row: 1, start: 0, end: 11 } }]);
  });

  it('of many rows is several blocks, and each row can be found again', async () => {
    const rows = Array.from({ length: 5_000 }, (_, index) => `name ${index + 2},value ${index + 2}`);
    const { blocks } = await readContent('csv', ['name,value', ...rows].join('\n'));
    expect(blocks.length).toBeGreaterThan(5);
    for (const { text, place } of blocks.slice(1)) expect(text).toMatch(new RegExp(`^name ${place.row} \\|`));
  });
});

it('a row that is too long for a block is several, which say the same row', async () => {
  const { blocks } = await readContent('csv', `name,value\na,${'word '.repeat(10_000)}\nb,2\n`);
  expect(blocks.map(({ place }) => place.row)).toEqual([1, 2, 2, 3]);
});

describe('JSON', () => {
  it('has a block for each record, with numbers as they are written', async () => {
    const json =
      '[{"id": 12345678901234567890, "tags": ["a", "b\\n中"], "none": {}}, {"id": 1.10, "deep": {"x": null}}]';
    const { blocks } = await readContent('json', json);
    expect(blocks.map(({ text, place }) => [place.row, text])).toEqual([
      [1, 'id: 12345678901234567890\ntags[0]: a\ntags[1]: b 中\nnone: {}'],
      [2, 'id: 1.10\ndeep.x: null'],
    ]);
  });

  it('has a block for each member of an object, and for each line of JSON lines', async () => {
    expect(await outlineOf('json', '{"a": {"x": 1, "y": [true]}, "b": "text"}')).toEqual([
      'code: a.x: 1\na.y[0]: true',
      'code: b: text',
    ]);
    expect(await outlineOf('json', '{"a":1}\n{"a":2}\n')).toEqual(['code: a: 1', 'code: a: 2']);
  });

  it('is refused if it is none', async () => {
    expect(await refusalOf(readContent('json', '{"a": 1'))).toBe('document_broken');
    expect(await refusalOf(readContent('json', '{"a":1}\n{"a":\n'))).toBe('document_broken');
  });
});

it('every block is where its place says', async () => {
  const { blocks } = await readContent(
    'markdown',
    '# A\n\ntext\n\n* one\n* two\n\n| a | b |\n|-|-|\n|1|2|\n',
  );
  const text = plainTextOf(blocks);
  expect(blocks.map(({ place }) => text.slice(place.start, place.end))).toEqual(
    blocks.map((block) => block.text),
  );
});
