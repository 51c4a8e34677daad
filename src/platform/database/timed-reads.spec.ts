import { describe, expect, it } from 'vitest';
import { limitStatement } from './timed-reads.js';

describe('a read with a time limit', () => {
  it('has it in the words of each server', () => {
    expect(limitStatement('SELECT 1', 1_500, 'mariadb')).toBe(
      'SET STATEMENT max_statement_time=1.500 FOR SELECT 1',
    );
    expect(limitStatement('SELECT 1', 1_500, 'mysql')).toBe('SELECT /*+ MAX_EXECUTION_TIME(1500) */ 1');
  });

  it('cannot be anything but a SELECT', () => {
    expect(() => limitStatement('DELETE FROM logs', 1_500, 'mysql')).toThrow('Only a SELECT');
  });
});
