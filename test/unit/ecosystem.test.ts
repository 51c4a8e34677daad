import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { apps } from '../../ecosystem.config.js';

describe('what PM2 runs', () => {
  it('has its files in one place: all start in the same directory, with nothing of their own set', () => {
    expect(apps.map(({ name }) => name)).toEqual(['api', 'worker']);
    for (const app of apps) {
      expect(app.cwd).toBe(fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, ''));
      // So what `npm run pm2` sets, LOCKKEEPER_STORAGE_DIR among it, holds for each of them.
      expect(Object.keys(app).filter((key) => key.startsWith('env'))).toEqual([]);
    }
  });
});
