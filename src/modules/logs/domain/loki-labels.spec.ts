import { describe, expect, it } from 'vitest';
import { parseLokiLabels } from './loki-labels.js';

describe('label sets of Loki', () => {
  it.each<[string, Record<string, string>]>([
    ['{}', {}],
    ['{app="shop"}', { app: 'shop' }],
    [' { app = "shop" , level="info" } ', { app: 'shop', level: 'info' }],
    ['{a="x\\"y\\\\",b="\\n"}', { a: 'x"y\\', b: '\n' }],
    ['{a=`raw \\n`}', { a: 'raw \\n' }],
    ['{a="",b="1"}', { a: '', b: '1' }],
    ['{level="info",msg="say "hi" to",b="2"}', { level: 'info', msg: 'say "hi" to', b: '2' }],
    ['{msg="{"json":"in","it":1}",b="2"}', { msg: '{"json":"in","it":1}', b: '2' }],
    ['{msg="ends with "quote"",b="2"}', { msg: 'ends with "quote"', b: '2' }],
    ['{msg="ends with "quote""}', { msg: 'ends with "quote"' }],
    ['{a="1",}', { a: '1' }],
    ['{service.name="x"}', { 'service.name': 'x' }],
  ])('%s', (text, labels) => {
    expect(Object.fromEntries(parseLokiLabels(text))).toEqual(labels);
  });

  it.each(['', 'app="x"', '{app}', '{app=}', '{app=x}', '{app="x}', '{="x"}', '{app="x" b="y"', '{1a="x"}'])(
    'refuses %s',
    (text) => {
      expect(() => parseLokiLabels(text)).toThrow(/^labels /);
    },
  );

  it('takes no longer for quotes without end than for others', () => {
    const startMs = performance.now();
    expect(() => parseLokiLabels(`{a="${'"b'.repeat(100_000)}`)).toThrow();
    expect(() => parseLokiLabels(`{a="${'\\"'.repeat(100_000)}}`)).toThrow();
    expect(parseLokiLabels(`{a="${'", '.repeat(100_000)}}`).get('a')).toHaveLength(299_997);
    expect(performance.now() - startMs).toBeLessThan(5_000);
  });
});
