/** A line of text on a page: where it begins (points from below on the left) and how large its letters are. */
export interface PdfLine {
  text: string;
  x?: number;
  y: number;
  size?: number;
}

interface PdfOptions {
  /** The font of all text; Helvetica if none is given. With another, the bytes of texts are what it says they are. */
  font?: string;
  title?: string;
  /** Entries of the trailer, such as `/Encrypt`, and the objects they refer to. */
  trailer?: string;
  objects?: readonly string[];
}

const HELVETICA = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>';

/** A font that is not in the file, as older East Asian PDFs have them: the texts are in a known character set. */
export function eastAsianFont(encoding: string, ordering: string): string {
  const descriptor = '<< /Type /FontDescriptor /FontName /Song /Flags 6 /Ascent 880 /Descent -120 >>';
  const system = `<< /Registry (Adobe) /Ordering (${ordering}) /Supplement 2 >>`;
  const descendant = `<< /Type /Font /Subtype /CIDFontType0 /BaseFont /Song /CIDSystemInfo ${system} /FontDescriptor ${descriptor} /DW 1000 >>`;
  return `<< /Type /Font /Subtype /Type0 /BaseFont /Song /Encoding /${encoding} /DescendantFonts [${descendant}] >>`;
}

/** Writes a PDF with these pages, object by object. Each character of a text is a byte. */
export function makePdf(pages: readonly (readonly PdfLine[])[], options: PdfOptions = {}): Buffer {
  const kids = pages.map((_, index) => `${4 + index * 2} 0 R`);
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Count ${pages.length} /Kids [${kids.join(' ')}] >>`,
    options.font ?? HELVETICA,
    ...pages.flatMap((lines, index) => pageObjects(lines, 5 + index * 2)),
    `<< /Title (${options.title ?? ''}) >>`,
    ...(options.objects ?? []),
  ];
  const info = 4 + pages.length * 2;
  return assemble(objects, `/Info ${info} 0 R ${options.trailer ?? ''}`);
}

function pageObjects(lines: readonly PdfLine[], contentNumber: number): string[] {
  const drawn = lines.map(
    ({ text, x = 72, y, size = 12 }) =>
      `BT /F1 ${size} Tf ${x} ${y} Td (${text.replaceAll(/[\\()]/g, String.raw`\$&`)}) Tj ET`,
  );
  const stream = drawn.join('\n');
  return [
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${contentNumber} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
  ];
}

function assemble(objects: readonly string[], trailer: string): Buffer {
  let text = '%PDF-1.7\n';
  const offsets: number[] = [];
  for (const [index, object] of objects.entries()) {
    offsets.push(text.length);
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
  }
  const start = text.length;
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`);
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${entries.join('')}`;
  text += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R ${trailer} >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}
