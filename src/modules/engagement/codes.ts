import { randomBytes } from 'node:crypto';

/** Without letters that are taken for others: 32 of them, five bits each (Crockford's base 32). */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A new code of so many characters, five random bits each. */
export function newCode(length: number): string {
  return Array.from(randomBytes(length), (byte) => ALPHABET[byte & 31]).join('');
}

const CODE = /^[A-Z0-9]{1,40}$/;

/** Whether a normalized text can be a code at all; if not, there is no need to look for it. */
export function isCode(normalized: string): boolean {
  return CODE.test(normalized);
}

/** A code as it is kept and compared: people write it in groups, and in small letters. */
export function normalizeCode(text: string): string {
  return text.replaceAll(/[\s-]/g, '').toUpperCase();
}
