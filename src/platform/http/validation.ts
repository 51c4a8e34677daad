import { StandardSchemaValidationPipe } from '@nestjs/common';
import { invalidRequest } from '../errors/index.js';

const MAX_ISSUES_SHOWN = 20;

/** Checks bodies, queries and parameters against the schema given to `@Body({ schema })` and the like. */
export function validationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({
    exceptionFactory: (issues) => {
      const errors = issues.slice(0, MAX_ISSUES_SHOWN).map((issue) => ({
        path: (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
        message: issue.message,
      }));
      const [first] = errors;
      return invalidRequest({
        detail: first ? `${first.path ? `${first.path}: ` : ''}${first.message}` : undefined,
        param: first?.path || undefined,
        details: { errors },
      });
    },
  });
}
