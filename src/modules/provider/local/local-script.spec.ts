import { describe, expect, it } from 'vitest';
import { parseLocalScript, usualScript } from './local-script.js';

describe('the script in a local model name', () => {
  it('is the usual one for the plain name', () => {
    expect(parseLocalScript('local')).toBe(usualScript);
  });

  it('is read word by word', () => {
    expect(parseLocalScript('local:tokens=50,delay_ms=20,first_delay_ms=5,fail_after=3,no_usage')).toEqual({
      ...usualScript,
      tokens: 50,
      delayMs: 20,
      firstDelayMs: 5,
      failAfter: 3,
      omitsUsage: true,
    });
  });

  it.each(['gpt-4', 'local:', 'local:tokens', 'local:tokens=-1', 'local:unknown=1', 'locale'])(
    'refuses %s',
    (name) => {
      expect(parseLocalScript(name)).toBeUndefined();
    },
  );
});
