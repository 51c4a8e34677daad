/**
 * Coins are counted in micro-coins: 1 coin = 1,000,000 micro-coins. In code they are `bigint`, in the
 * database BIGINT, in JSON a decimal string with six places. They are never a floating-point number.
 */
export type MicroCoins = bigint;

export const MICRO_COINS_PER_COIN = 1_000_000n;

/** The largest amount that one operation may name: what a signed 64-bit column holds. */
export const MAX_MICRO_COINS: MicroCoins = 9_223_372_036_854_775_807n;

export type CoinsProblem = 'not_a_decimal' | 'too_many_decimals' | 'too_large';

/** Why a text is not an amount of coins. */
export class CoinsFormatError extends Error {
  constructor(
    readonly problem: CoinsProblem,
    text: string,
  ) {
    super(`'${text.slice(0, 40)}' is not an amount of coins: ${explain[problem]}`);
    this.name = 'CoinsFormatError';
  }
}

const explain: Record<CoinsProblem, string> = {
  not_a_decimal: 'write a decimal number such as "12.5", with no exponent and no sign but a leading minus',
  too_many_decimals: 'at most six decimal places are kept',
  too_large: `the largest is ${formatCoins(MAX_MICRO_COINS)}`,
};

/**
 * Reads a decimal string of coins, such as `"12.5"`, into micro-coins, exactly.
 * @throws CoinsFormatError for anything that is not such a number or does not fit 64 bits.
 */
export function parseCoins(text: string): MicroCoins {
  const match = /^(-?)(\d{1,20})(?:\.(\d+))?$/.exec(text);
  if (!match) throw new CoinsFormatError('not_a_decimal', text);
  const [, sign, whole = '0', fraction = ''] = match;
  if (fraction.length > 6) throw new CoinsFormatError('too_many_decimals', text);
  const amount = BigInt(whole) * MICRO_COINS_PER_COIN + BigInt(fraction.padEnd(6, '0'));
  if (amount > MAX_MICRO_COINS) throw new CoinsFormatError('too_large', text);
  return sign ? -amount : amount;
}

/** Writes micro-coins as a decimal string of coins with six places, such as `"12.500000"`. */
export function formatCoins(amount: MicroCoins): string {
  const absolute = amount < 0n ? -amount : amount;
  const whole = absolute / MICRO_COINS_PER_COIN;
  const fraction = (absolute % MICRO_COINS_PER_COIN).toString().padStart(6, '0');
  return `${amount < 0n ? '-' : ''}${whole}.${fraction}`;
}
