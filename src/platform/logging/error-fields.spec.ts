import { describe, expect, it } from 'vitest';
import { errorFields } from './error-fields.js';

describe('an error in the log', () => {
  it('has its stack and code, and not the values of the statement that failed', () => {
    const driverError = Object.assign(new Error('Duplicate entry'), {
      code: 'ER_DUP_ENTRY',
      sql: "INSERT INTO users VALUES ('ada@example.com', 'hash of a password')",
    });
    const error = Object.assign(new Error('The statement failed'), {
      driverError,
      query: 'INSERT INTO users VALUES (?, ?)',
      parameters: ['ada@example.com', 'hash of a password'],
    });
    const shown = errorFields(error);
    expect(shown).toMatchObject({
      type: 'Error',
      message: 'The statement failed',
      stack: expect.stringContaining('error-fields.spec'),
      query: 'INSERT INTO users VALUES (?, ?)',
      driverError: { code: 'ER_DUP_ENTRY', message: 'Duplicate entry' },
    });
    expect(JSON.stringify(shown)).not.toMatch(/hash of a password|ada@example/);
  });

  it('is what it is if it is none', () => {
    expect(errorFields('a text')).toBe('a text');
  });
});
