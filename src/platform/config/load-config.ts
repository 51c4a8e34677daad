import { z } from 'zod';
import type { ConfigDefinition, ConfigOf, EnvironmentVariable } from './define-config.js';

/** Every problem of a configuration at once, so that a bad start is mended in one go. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(
      `The configuration has ${problems.length} problem(s):\n${problems.map((p) => `  - ${p}`).join('\n')}`,
    );
    this.name = 'ConfigError';
  }
}

/** The values of all configurations, each found by its definition. */
export class LoadedConfig {
  private readonly values = new Map<symbol, unknown>();

  set(definition: ConfigDefinition, value: unknown): void {
    this.values.set(definition.token, value);
  }

  get<D extends ConfigDefinition>(definition: D): ConfigOf<D> {
    if (!this.values.has(definition.token))
      throw new Error(`The configuration ${definition.name} is not listed.`);
    return this.values.get(definition.token) as ConfigOf<D>;
  }
}

/** Reads all configurations from this process's environment. @throws ConfigError */
export function loadProcessConfig(definitions: readonly ConfigDefinition[]): LoadedConfig {
  return loadConfig(process.env, definitions);
}

const OWN_PREFIX = 'LOCKKEEPER_';
/** The tests' own names, which a developer's shell may have (`npm run services`). */
const TEST_PREFIX = 'LOCKKEEPER_TEST_';

/**
 * Reads all configurations from an environment.
 * @throws ConfigError that lists every problem: values that do not fit, names with our prefix that nobody
 *   declared (a typing error would otherwise be a silent default), and, in production, secrets that are
 *   still the published example.
 */
export function loadConfig(
  environment: Readonly<Record<string, string | undefined>>,
  definitions: readonly ConfigDefinition[],
): LoadedConfig {
  const problems: string[] = [];
  const loaded = new LoadedConfig();
  const isProduction = environment['NODE_ENV'] === 'production';
  for (const definition of definitions) {
    const values: Record<string, unknown> = {};
    for (const [key, variable] of Object.entries(definition.shape)) {
      values[key] = readVariable(variable, environment[variable.env], isProduction, problems);
    }
    loaded.set(definition, Object.freeze(values));
  }
  problems.push(...unknownNames(environment, definitions));
  if (problems.length > 0) throw new ConfigError(problems);
  return loaded;
}

function readVariable(
  variable: EnvironmentVariable<unknown>,
  rawText: string | undefined,
  isProduction: boolean,
  problems: string[],
): unknown {
  // An empty value in a .env file means "not set".
  const text = rawText === '' ? undefined : rawText;
  if (isProduction && variable.isSecret && (text === undefined || text === variable.example)) {
    problems.push(`${variable.env} must be set to a secret of your own in production`);
    return undefined;
  }
  const result = variable.schema.safeParse(text);
  if (result.success) return result.data;
  for (const issue of result.error.issues) problems.push(describeIssue(variable, issue));
  return undefined;
}

function describeIssue(variable: EnvironmentVariable<unknown>, issue: z.core.$ZodIssue): string {
  const place = issue.path.length > 0 ? ` at ${issue.path.join('.')}` : '';
  return `${variable.env}${place}: ${issue.message} (${variable.description})`;
}

function unknownNames(
  environment: Readonly<Record<string, string | undefined>>,
  definitions: readonly ConfigDefinition[],
): string[] {
  const known = new Set(definitions.flatMap((d) => Object.values(d.shape).map((variable) => variable.env)));
  return Object.keys(environment)
    .filter((name) => name.startsWith(OWN_PREFIX) && !name.startsWith(TEST_PREFIX) && !known.has(name))
    .sort()
    .map((name) => `${name} is not a name we know; see .env.example for those there are`);
}
