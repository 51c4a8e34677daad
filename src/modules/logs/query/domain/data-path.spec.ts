import { describe, expect, it } from 'vitest';
import { parseDataPath, sqlPath } from './data-path.js';

describe('a path into log_data', () => {
  it.each([
    ['$.user.id', ['user', 'id'], '$."user"."id"'],
    ['$.items[0].name', ['items', 0, 'name'], '$."items"[0]."name"'],
    ['$."http.status_code"', ['http.status_code'], '$."http.status_code"'],
    ['$."用户"', ['用户'], '$."用户"'],
    ['$[1]', [1], '$[1]'],
  ])('reads %s', (text, path, sql) => {
    expect(parseDataPath(text)).toEqual(path);
    expect(sqlPath(path)).toBe(sql);
  });

  it.each([
    '',
    '$',
    'user.id',
    '$.',
    '$.a..b',
    '$.*',
    '$**.a',
    '$[*]',
    '$[-1]',
    '$[last]',
    '$.a b',
    '$."a',
    '$."a"b"',
    '$."a\\"',
    '$."a\nb"',
    '$""',
    '$.用户',
    "$.a'; DROP TABLE logs; --",
    `$${'.a'.repeat(11)}`,
    `$.${'a'.repeat(300)}`,
  ])('refuses %j', (text) => {
    expect(parseDataPath(text)).toBeUndefined();
  });
});
