import { describe, expect, it } from 'vitest';
import { readContent, refusalOf } from '../factories/documents.js';
import { eastAsianFont, makePdf } from '../factories/pdf.js';

/** Entries of a PDF that is encrypted with a password nobody has told. */
const locked = {
  trailer: '/Encrypt 7 0 R /ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>]',
  objects: [
    `<< /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <${'ab'.repeat(32)}> /U <${'cd'.repeat(32)}> >>`,
  ],
};

describe('PDF', () => {
  it('has paragraphs by the distance of lines, headings by their size, and the page of each', async () => {
    const document = await readContent(
      'pdf',
      makePdf(
        [
          [
            { text: 'The report', y: 720, size: 24 },
            { text: 'The first paragraph has two lines, and one word is divi-', y: 680 },
            { text: 'ded between them. It ends here.', y: 666 },
            { text: 'The second one is further down.', y: 630 },
          ],
          [
            { text: 'Results', y: 720, size: 16 },
            { text: 'On the second page (with brackets).', y: 690 },
          ],
        ],
        { title: 'Annual report' },
      ),
    );
    expect(document.title).toBe('Annual report');
    expect(document.language).toBe('en');
    expect(
      document.blocks.map(({ kind, level, text, place }) => [place.page, `${kind}${level ?? ''}`, text]),
    ).toEqual([
      [1, 'heading1', 'The report'],
      [
        1,
        'paragraph',
        'The first paragraph has two lines, and one word is divided between them. It ends here.',
      ],
      [1, 'paragraph', 'The second one is further down.'],
      [2, 'heading2', 'Results'],
      [2, 'paragraph', 'On the second page (with brackets).'],
    ]);
    expect(document.blocks[4]?.place.section).toEqual(['The report', 'Results']);
  });

  it('has the items of lists, and neither page numbers nor a running title twice', async () => {
    const pages = ['first', 'second', 'third', 'fourth'].map((name, index) => [
      { text: `A manual, page ${index + 1}`, y: 760, size: 9 },
      { text: `The ${name} page says this:`, y: 700 },
      { text: '\u0095 one point,', y: 686 },
      { text: '\u0095 and another', y: 672 },
      { text: 'on two lines.', x: 84, y: 658 },
      { text: `${index + 1}`, x: 300, y: 30 },
    ]);
    const { blocks } = await readContent('pdf', makePdf(pages));
    expect(blocks.slice(0, 5).map(({ kind, text, place }) => [place.page, kind, text])).toEqual([
      [1, 'paragraph', 'A manual, page 1'],
      [1, 'paragraph', 'The first page says this:'],
      [1, 'list_item', 'one point,'],
      [1, 'list_item', 'and another on two lines.'],
      [2, 'paragraph', 'The second page says this:'],
    ]);
    expect(blocks).toHaveLength(13);
  });

  it.each([
    ['UniGB-UCS2-H', 'GB1', '4F60597DFF0C4E16754C', '你好，世界'],
    ['GBK-EUC-H', 'GB1', '41C4E3BAC3A3ACCAC0BDE7', 'A你好，世界'],
    ['ETen-B5-H', 'CNS1', 'A741A66E', '你好'],
    ['90ms-RKSJ-H', 'Japan1', '93FA967B', '日本'],
    ['KSCms-UHC-H', 'Korea1', 'C7D1B1B9', '한국'],
  ])(
    'is read in East Asian character sets whose fonts it does not have: %s',
    async (encoding, ordering, bytes, text) => {
      const line = { text: Buffer.from(bytes, 'hex').toString('latin1'), y: 700 };
      const { blocks } = await readContent(
        'pdf',
        makePdf([[line]], { font: eastAsianFont(encoding, ordering) }),
      );
      expect(blocks.map((block) => block.text)).toEqual([text]);
    },
  );

  it('is refused if nothing says what its letters stand for, rather than read as others', async () => {
    const pdf = makePdf([[{ text: '\u0010\u0010\u0011\u0012', y: 700 }]], {
      font: eastAsianFont('Identity-H', 'GB1'),
    });
    expect(await refusalOf(readContent('pdf', pdf))).toBe('document_empty');
  });

  it('is refused if it is encrypted', async () => {
    expect(await refusalOf(readContent('pdf', makePdf([[{ text: 'Secret', y: 700 }]], locked)))).toBe(
      'document_encrypted',
    );
  });

  it('is refused if it is broken, or has no text', async () => {
    expect(await refusalOf(readContent('pdf', 'This is no PDF.'))).toBe('document_broken');
    expect(await refusalOf(readContent('pdf', '%PDF-1.7\n1 0 obj\n<< /Type'))).toBe('document_broken');
    expect(await refusalOf(readContent('pdf', makePdf([[], []])))).toBe('document_empty');
  });

  it('is read if only its table of objects is lost', async () => {
    const whole = makePdf([[{ text: 'Still here.', y: 700 }]]);
    const { blocks } = await readContent('pdf', whole.subarray(0, whole.indexOf('startxref')));
    expect(blocks.map(({ text }) => text)).toEqual(['Still here.']);
  });

  it('is read as far as may be, and says so', async () => {
    const pages = Array.from({ length: 30 }, (_, index) => [
      { text: `Page ${index} ${'has words '.repeat(5)}`, y: 700 },
    ]);
    const document = await readContent('pdf', makePdf(pages), { characters: 1_000 });
    expect(document.isTruncated).toBe(true);
    expect(document.blocks.at(-1)?.place.page).toBeLessThan(20);
  });
});
