import type { ErrorKind } from './error-kinds.js';

/** What is fixed about an error: its stable code, its kind, and one sentence for people. */
export interface ErrorDefinition {
  /** Stable, snake_case, unique in the product. Clients branch on it. */
  readonly code: string;
  readonly kind: ErrorKind;
  /** The same sentence for every occurrence. It may be shown to anybody. */
  readonly title: string;
}

/** What is particular to one occurrence. All of it is shown to the caller. */
export interface ErrorOccurrence {
  /** What happened this time and what to do about it. */
  detail?: string;
  /** Facts for programs, snake_case. */
  details?: Record<string, unknown>;
  /** When to try again, sent as `Retry-After`. */
  retryAfterSeconds?: number;
  /** The name of the request field at fault. */
  param?: string;
  cause?: unknown;
}

/** An error with a code that callers can rely on. Anything else that is thrown is shown as a plain 500. */
export class AppError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly title: string;
  readonly details: Record<string, unknown> | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly param: string | undefined;

  constructor(definition: ErrorDefinition, occurrence: ErrorOccurrence = {}) {
    super(occurrence.detail ?? definition.title, { cause: occurrence.cause });
    this.name = 'AppError';
    this.code = definition.code;
    this.kind = definition.kind;
    this.title = definition.title;
    this.details = occurrence.details;
    this.retryAfterSeconds = occurrence.retryAfterSeconds;
    this.param = occurrence.param;
  }
}

/** A named error of a module: call it to make an occurrence, ask `is` whether a caught one is it. */
export interface ErrorFactory {
  (occurrence?: ErrorOccurrence): AppError;
  readonly definition: ErrorDefinition;
  is(error: unknown): error is AppError;
}

const definedCodes = new Set<string>();

/**
 * Declares an error. Declare it once, in the `*.errors.ts` of the module that throws it.
 * @throws if the code is taken already: a code means one thing in the whole product.
 */
export function defineError(definition: ErrorDefinition): ErrorFactory {
  if (definedCodes.has(definition.code))
    throw new Error(`The error code ${definition.code} is defined twice.`);
  definedCodes.add(definition.code);
  const make = (occurrence?: ErrorOccurrence) => new AppError(definition, occurrence);
  return Object.assign(make, {
    definition,
    is: (error: unknown): error is AppError => error instanceof AppError && error.code === definition.code,
  });
}
