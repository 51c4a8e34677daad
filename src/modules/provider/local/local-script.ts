/**
 * What the built-in model is told by its name, outside production, so that every way in which a provider
 * behaves can be had on purpose: `local:tokens=50,delay_ms=20,fail_after=3`.
 */
export interface LocalScript {
  /** How many tokens it answers; 0 means its usual answer. */
  readonly tokens: number;
  /** How long it waits before its first token, and before each of the others. */
  readonly firstDelayMs: number;
  readonly delayMs: number;
  /** It fails after this many tokens; 0 fails before the first. */
  readonly failAfter: number | undefined;
  /** It reports a content violation after this many tokens. */
  readonly violateAfter: number | undefined;
  /** It does not say how many tokens it took. */
  readonly omitsUsage: boolean;
}

export const LOCAL_MODEL_ID = 'local';

export const usualScript: LocalScript = {
  tokens: 0,
  firstDelayMs: 0,
  delayMs: 0,
  failAfter: undefined,
  violateAfter: undefined,
  omitsUsage: false,
};

/** What the column for a turn's model takes. */
const MAX_NAME = 128;
const MAX_TOKENS = 2_000_000;
const MAX_DELAY_MS = 600_000;

/** Reads the part of a model name after `local:`. Returns undefined if it is not such a script. */
export function parseLocalScript(modelId: string): LocalScript | undefined {
  if (modelId === LOCAL_MODEL_ID) return usualScript;
  if (!modelId.startsWith(`${LOCAL_MODEL_ID}:`) || modelId.length > MAX_NAME) return undefined;
  const script: { -readonly [K in keyof LocalScript]: LocalScript[K] } = { ...usualScript };
  for (const word of modelId.slice(LOCAL_MODEL_ID.length + 1).split(',')) {
    const [name, digits] = word.split('=');
    if (name === 'no_usage' && digits === undefined) {
      script.omitsUsage = true;
      continue;
    }
    if (digits === undefined || !/^\d{1,7}$/.test(digits)) return undefined;
    const value = Number(digits);
    if (name === 'tokens') script.tokens = Math.min(value, MAX_TOKENS);
    else if (name === 'delay_ms') script.delayMs = Math.min(value, MAX_DELAY_MS);
    else if (name === 'first_delay_ms') script.firstDelayMs = Math.min(value, MAX_DELAY_MS);
    else if (name === 'fail_after') script.failAfter = value;
    else if (name === 'violate_after') script.violateAfter = value;
    else return undefined;
  }
  return script;
}
