import { describe, expect, it } from 'vitest';
import { isUtf8, looksLikeText, nameForType, textTypeOf } from './media-type.js';

describe('the type of a text', () => {
  it.each([
    ['hello', 'a.txt', 'text/plain'],
    ['hello', 'a.pdf', 'text/plain'],
    ['# hello', 'a.md', 'text/markdown'],
    ['a,b\n1,2', 'a.csv', 'text/csv'],
    ['{"a": 1}', 'a.json', 'application/json'],
    [' [1, 2]', 'a.json', 'application/json'],
    ['not json', 'a.json', 'text/plain'],
    ['<!DOCTYPE html><p>hello', 'a.txt', 'text/html'],
    ['\uFEFF  <html lang="en">', 'a', 'text/html'],
    ['<?xml version="1.0"?>\n<html xmlns="x">', 'a.xml', 'text/html'],
    ['<p>hello</p>', 'a.html', 'text/html'],
    ['no tags at all', 'a.html', 'text/plain'],
    ['<p>hello</p>', 'a.txt', 'text/plain'],
  ])('%j called %s is %s', (text, name, mediaType) => {
    expect(textTypeOf(Buffer.from(text), name)).toBe(mediaType);
  });

  it('is found in UTF-16, too', () => {
    const wide = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('<html>', 'utf16le')]);
    expect(looksLikeText(wide)).toBe(true);
    expect(textTypeOf(wide, 'a.txt')).toBe('text/html');
  });
});

describe('what looks like a text', () => {
  it('is any encoding of bytes, and nothing with other control characters', () => {
    expect(looksLikeText(Buffer.from('tabs\tand\r\nlines\f'))).toBe(true);
    expect(looksLikeText(Buffer.from([0xc4, 0xe3, 0xba, 0xc3]))).toBe(true);
    expect(looksLikeText(Buffer.from('a\0b'))).toBe(false);
    expect(looksLikeText(Buffer.from([0x7f]))).toBe(false);
  });

  it('is UTF-8 though the last character is cut off', () => {
    expect(isUtf8(Buffer.from('報告').subarray(0, 5))).toBe(true);
    expect(isUtf8(Buffer.from([0xc4, 0xe3, 0xba, 0xc3]))).toBe(false);
  });
});

describe('the name for a type', () => {
  it.each([
    ['a.pdf', 'application/pdf', 'a.pdf'],
    ['a.PDF', 'application/pdf', 'a.PDF'],
    ['a.txt', 'application/pdf', 'a.txt.pdf'],
    ['a', 'application/pdf', 'a.pdf'],
    ['a.pdf', 'text/plain', 'a.pdf.txt'],
    ['README', 'text/plain', 'README'],
    ['server.log', 'text/plain', 'server.log'],
    ['a.htm', 'text/html', 'a.htm'],
    ['a.exe', 'text/html', 'a.exe.html'],
  ])('%s of %s is %s', (name, mediaType, expected) => {
    expect(nameForType(name, mediaType)).toBe(expected);
  });
});
