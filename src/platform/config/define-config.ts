import type { z } from 'zod';

/** One environment variable: its name, its meaning, and how its text is read. */
export interface EnvironmentVariable<T> {
  readonly env: string;
  /** One line for `.env.example`. */
  readonly description: string;
  /** Reads the text (or `undefined`, if unset) into the value; its default stands here. */
  readonly schema: z.ZodType<T, string | undefined>;
  /** What `.env.example` shows as the value: the default, or an example where there is none. */
  readonly example: string;
  /** Secrets are never printed; one that still has its example value refuses to start in production. */
  readonly isSecret?: boolean;
}

/** Declares one environment variable of a configuration. */
export function variable<T>(definition: EnvironmentVariable<T>): EnvironmentVariable<T> {
  return definition;
}

type Shape = Record<string, EnvironmentVariable<unknown>>;

/** The typed configuration of one module, and the token by which it is injected. */
export interface ConfigDefinition<S extends Shape = Shape> {
  readonly name: string;
  readonly token: symbol;
  readonly shape: S;
}

/** The values of a configuration, as injected. */
export type ConfigOf<D> =
  D extends ConfigDefinition<infer S>
    ? { readonly [K in keyof S]: S[K] extends EnvironmentVariable<infer T> ? T : never }
    : never;

/**
 * Declares the configuration of a module: all of its environment variables in one place. List the result
 * in `app.config.ts`; inject the values with `@Inject(definition.token)`.
 */
export function defineConfig<S extends Shape>(name: string, shape: S): ConfigDefinition<S> {
  return { name, token: Symbol(`config:${name}`), shape };
}
