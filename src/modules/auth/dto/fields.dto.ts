import { z } from 'zod';
import { roles } from '../domain/roles.js';

/** The fields that several requests and answers share. */

const MAX_PASSWORD_CHARACTERS = 200;

export const emailSchema = z
  .email()
  .max(254)
  .toLowerCase()
  .meta({ description: 'Case does not matter.', examples: ['ada@example.com'] });

/** A password that somebody chooses. */
export const newPasswordSchema = z
  .string()
  .min(10, 'must have at least 10 characters')
  .max(MAX_PASSWORD_CHARACTERS, `must have at most ${MAX_PASSWORD_CHARACTERS} characters`)
  .meta({ description: '10 to 200 characters.', examples: ['correct horse battery staple'] });

/** A password that is checked: its length says nothing, but is bounded. */
export const passwordSchema = z
  .string()
  .min(1)
  .max(MAX_PASSWORD_CHARACTERS)
  .meta({ examples: ['correct horse battery staple'] });

export const roleSchema = z.enum(roles).meta({ examples: ['user'] });

export const instantSchema = z.iso.datetime().meta({ examples: ['2027-01-31T12:00:00.000Z'] });
