import { describe, expect, it, vi } from 'vitest';
import { withLogFields } from './log-context.js';
import { createPinoLogger, NestPinoLogger } from './logger.js';

describe('a log line', () => {
  it('has the fields in force and its own, and none of the lines before it', () => {
    const written: string[] = [];
    const write = vi
      .spyOn(process.stdout, 'write')
      .mockImplementation((text) => written.push(String(text)) > 0);
    const logger = new NestPinoLogger(createPinoLogger('info', 'test'));
    try {
      withLogFields({ turn_id: 't1' }, () => {
        logger.warn('first', { reason: 'something' }, 'Turns');
        logger.log('second', 'Turns');
      });
    } finally {
      write.mockRestore();
    }
    const lines = written.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toMatchObject([
      { msg: 'first', turn_id: 't1', reason: 'something' },
      { msg: 'second', turn_id: 't1' },
    ]);
    expect(lines[1]).not.toHaveProperty('reason');
  });
});
