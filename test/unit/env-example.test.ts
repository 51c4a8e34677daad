import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { configDefinitions } from '../../src/app.config.js';
import { renderEnvExample } from '../../src/platform/config/index.js';

it('.env.example names every variable there is (mend with `npm run env-example`)', async () => {
  const file = await readFile(new URL('../../.env.example', import.meta.url), 'utf8');
  expect(file).toBe(renderEnvExample(configDefinitions));
});
