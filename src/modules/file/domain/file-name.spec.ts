import { describe, expect, it } from 'vitest';
import { cleanFileName, extensionOf } from './file-name.js';

describe('the name of a file', () => {
  it.each([
    ['report.pdf', 'report.pdf'],
    ['../../etc/passwd', 'passwd'],
    ['..\\..\\windows\\win.ini', 'win.ini'],
    ['/absolute/path/notes.md', 'notes.md'],
    ['C:\\Users\\ada\\notes.md', 'notes.md'],
    ['..', 'file'],
    ['', 'file'],
    ['...', 'file'],
    ['.htaccess', 'htaccess'],
    ['folder/', 'file'],
    ['a\0b\r\n\t.txt', 'ab.txt'],
    ['invoice\u202Efdp.exe', 'invoicefdp.exe'],
    ['zero\u200Bwidth\uFEFF.txt', 'zerowidth.txt'],
    ['a<b>:"c|d?*.txt', 'a_b___c_d__.txt'],
    ['CON', '_CON'],
    ['nul.txt', '_nul.txt'],
    ['console.txt', 'console.txt'],
    ['  a   b .txt. ', 'a b .txt'],
    ['cafe\u0301.txt', 'caf\u00E9.txt'],
    ['報告書 2027.docx', '報告書 2027.docx'],
    ['broken\uD800.txt', 'broken_.txt'],
    ['a%22b%0D%0A.txt', 'a_b__.txt'],
    ['%2e%2e%2fpasswd', '%2e%2e%2fpasswd'],
  ])('%j is kept as %j', (sent, kept) => {
    expect(cleanFileName(sent)).toBe(kept);
  });

  it('is at most 200 bytes long, whole characters, its extension kept', () => {
    const long = cleanFileName(`${'報'.repeat(300)}.docx`);
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(200);
    expect(long).toMatch(/^報+\.docx$/);
    expect(Buffer.byteLength(long)).toBeGreaterThan(190);
    expect(cleanFileName('🦦'.repeat(100))).toBe('🦦'.repeat(50));
    expect(cleanFileName(`a.${'x'.repeat(300)}`)).toBe(`a.${'x'.repeat(198)}`);
  });

  it('stays as it is when it is cleaned again', () => {
    for (const sent of ['../a:b?.txt', 'CON', '...x. ', `${'é'.repeat(200)}.pdf`, 'a\u202Eb']) {
      expect(cleanFileName(cleanFileName(sent))).toBe(cleanFileName(sent));
    }
  });

  it('has an extension in lower case, or none', () => {
    expect(['a.PDF', 'a.tar.gz', 'README', '.profile'].map(extensionOf)).toEqual(['pdf', 'gz', '', '']);
  });
});
