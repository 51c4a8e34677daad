export { AppError, defineError } from './app-error.js';
export type { ErrorFactory } from './app-error.js';
export { errorKinds } from './error-kinds.js';
export type { ErrorKind } from './error-kinds.js';
export * from './common.errors.js';
