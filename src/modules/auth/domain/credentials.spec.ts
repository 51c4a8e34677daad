import { describe, expect, it } from 'vitest';
import { tokenOf } from './credentials.js';

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;

describe('the token of an Authorization header', () => {
  it.each([
    ['Bearer eyJ.a.b', 'eyJ.a.b'],
    ['bearer   lk_abc', 'lk_abc'],
    [basic('whoever:lk_abc'), 'lk_abc'],
    [basic('a:b:lk_abc'), undefined],
    [basic('lk_abc:'), 'lk_abc'],
    [basic('lk_abc'), 'lk_abc'],
    [basic('lk_user:secret'), undefined],
    [basic('user:eyJ.a.b'), undefined],
    [basic(''), undefined],
    ['Basic ***', undefined],
    ['Bearer', undefined],
    ['Digest username=x', undefined],
    [undefined, undefined],
  ])('of %s is %s', (header, token) => {
    expect(tokenOf(header)).toBe(token);
  });
});
