import { z } from 'zod';
import { CoinsFormatError, parseCoins } from '../../shared/money.js';

/** An amount of coins above zero, as a client sends it: `parseCoins` reads it. */
export function coinsInput(description: string, example: string) {
  return z
    .string()
    .max(64)
    .refine(isAmount, 'must be more than zero, as a decimal string such as "12.5" with at most six places')
    .meta({ description, examples: [example] });
}

function isAmount(text: string): boolean {
  try {
    return parseCoins(text) > 0n;
  } catch (error) {
    if (error instanceof CoinsFormatError) return false;
    throw error;
  }
}
