import { describe, expect, it } from 'vitest';
import { ConfigError, defineConfig, loadConfig, read, renderEnvExample, variable } from './index.js';

const sample = defineConfig('sample', {
  port: variable({
    env: 'PORT',
    description: 'Where it listens.',
    schema: read.integer(3000, { min: 1, max: 65535 }),
    example: '3000',
  }),
  isOpen: variable({
    env: 'LOCKKEEPER_OPEN',
    description: 'Whether it is open.',
    schema: read.flag(false),
    example: 'false',
  }),
  secret: variable({
    env: 'LOCKKEEPER_SECRET',
    description: 'Signs tokens.',
    schema: read.text('published-example'),
    example: 'published-example',
    isSecret: true,
  }),
});

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    loadConfig(environment, [sample]);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('configuration', () => {
  it('reads typed values and fills in defaults', () => {
    const values = loadConfig({ PORT: '8080' }, [sample]).get(sample);
    expect(values).toEqual({ port: 8080, isOpen: false, secret: 'published-example' });
  });

  it('takes an empty value for an unset one', () => {
    expect(loadConfig({ PORT: '' }, [sample]).get(sample).port).toBe(3000);
  });

  it('lists all problems of a bad environment at once, unknown names of ours among them', () => {
    const problems = problemsOf({
      PORT: '99999',
      LOCKKEEPER_OPEN: 'yes',
      LOCKKEEPER_OPNE: 'true',
      OTHER: 'x',
    });
    expect(problems).toHaveLength(3);
    expect(problems[0]).toMatch(/^PORT: must be at most 65535/);
    expect(problems[1]).toMatch(/^LOCKKEEPER_OPEN: must be true or false/);
    expect(problems[2]).toMatch(/^LOCKKEEPER_OPNE is not a name we know/);
  });

  it.each<Record<string, string>>([{}, { LOCKKEEPER_SECRET: 'published-example' }])(
    'refuses the published secret in production (%j)',
    (environment) => {
      expect(problemsOf({ ...environment, NODE_ENV: 'production' })).toEqual([
        'LOCKKEEPER_SECRET must be set to a secret of your own in production',
      ]);
    },
  );

  it('writes every variable with its meaning and default into the example file', () => {
    expect(renderEnvExample([sample])).toContain('# Where it listens.\n#PORT=3000\n');
  });
});
