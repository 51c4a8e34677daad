/**
 * Tells PDF.js what the letters of East Asian fonts stand for when the PDF names one of the character sets that every
 * reader is to know (ISO 32000, "Predefined CMaps"). Adobe's tables of them are 1 MB of files that number each shape
 * of a letter; for its text alone what the platform knows of character sets is enough: here the number of a letter is
 * its Unicode.
 */

const UNICODE = /^Uni(?:GB|CNS|JIS|KS)\d*-(?:UCS2|UTF16)(?:-HW)?-[HV]$/;
/** From a letter's number to its Unicode. */
const TO_UNICODE = /^Adobe-(?:GB1|CNS1|Japan1|Korea1)-UCS2$/;
const CHARSETS: readonly [names: RegExp, charset: string][] = [
  [/^(?:GB|GBpc|GBK|GBKp)-EUC-[HV]$|^GBK2K-[HV]$/, 'gb18030'],
  [/^(?:B5pc|ETen-B5|ETenms-B5|HKscs-B5)-[HV]$/, 'big5'],
  [/^(?:83pv|90ms|90msp|90pv|Add|Ext)-RKSJ-[HV]$/, 'shift_jis'],
  [/^EUC-[HV]$/, 'euc-jp'],
  [/^(?:KSC|KSCpc)-EUC-[HV]$|^KSCms-UHC(?:-HW)?-[HV]$/, 'euc-kr'],
];

/** What PDF.js asks for the files that it does not have in itself. There are none: CMaps are made. */
export class PdfFiles {
  private isUnicode = false;

  /**
   * A CMap by its name.
   * @throws for all that cannot be made; PDF.js then goes on without it
   */
  fetch({ kind, filename }: { kind: string; filename: string }): Promise<Uint8Array> {
    const cmap = kind === 'cMapUrl' ? this.cmapOf(filename) : undefined;
    if (cmap === undefined) return Promise.reject(new Error(`There is no ${filename}.`));
    return Promise.resolve(Buffer.from(cmap, 'latin1'));
  }

  private cmapOf(name: string): string | undefined {
    // Fonts that number their letters as Adobe does, and not as is done here, ask for this one first.
    if (TO_UNICODE.test(name)) return this.isUnicode ? identity('bf') : undefined;
    const charset = CHARSETS.find(([names]) => names.test(name))?.[1];
    const cmap = UNICODE.test(name)
      ? identity('cid')
      : charset === undefined
        ? undefined
        : cmapOfCharset(charset);
    this.isUnicode ||= cmap !== undefined;
    return cmap;
  }
}

/** Two bytes that stand for themselves: as a letter's number (`cid`), or as its Unicode (`bf`). */
function identity(kind: 'cid' | 'bf'): string {
  const ranges = Array.from({ length: 256 }, (_, high) => {
    const [first, last] = [hex(high * 256, 4), hex(high * 256 + 255, 4)];
    return `<${first}> <${last}> ${kind === 'cid' ? high * 256 : `<${first}>`}`;
  });
  return cmap([['0000', 'FFFF']], `256 begin${kind}range\n${ranges.join('\n')}\nend${kind}range`);
}

/** The letters of one and of two bytes of a character set. */
function cmapOfCharset(charset: string): string {
  const decoder = new TextDecoder(charset);
  const letters: string[] = [];
  const add = (code: string, ...bytes: number[]) => {
    const text = decoder.decode(Uint8Array.from(bytes));
    if (text.length === 1 && text !== '\uFFFD') letters.push(`<${code}> ${text.charCodeAt(0)}`);
  };
  const codespaces: [string, string][] = [];
  for (let first = 0; first < 256; first += 1) {
    const isLead = first > 0x80 && decoder.decode(Uint8Array.of(first)) === '\uFFFD';
    if (isLead) {
      codespaces.push([`${hex(first, 2)}40`, `${hex(first, 2)}FE`]);
      for (let second = 0x40; second <= 0xfe; second += 1) add(hex(first * 256 + second, 4), first, second);
    } else {
      codespaces.push([hex(first, 2), hex(first, 2)]);
      add(hex(first, 2), first);
    }
  }
  return cmap(codespaces, `${letters.length} begincidchar\n${letters.join('\n')}\nendcidchar`);
}

function cmap(codespaces: readonly (readonly [string, string])[], mappings: string): string {
  const ranges = codespaces.map(([first, last]) => `<${first}> <${last}>`);
  return `${ranges.length} begincodespacerange\n${ranges.join('\n')}\nendcodespacerange\n${mappings}\nendcmap\n`;
}

function hex(number: number, digits: number): string {
  return number.toString(16).toUpperCase().padStart(digits, '0');
}
