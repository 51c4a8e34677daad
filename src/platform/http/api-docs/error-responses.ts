import { type ErrorKind, errorKinds } from '../../errors/index.js';
import { isOpenAiPath, statusOfKind } from '../error-body.js';
import { REQUIRED_SCOPE_EXTENSION } from '../access.js';
import type { Operation } from './operation.js';

/** A kind of failure in words, as the description of its response. */
const descriptions: Record<ErrorKind, string> = {
  malformed: 'The request could not be read.',
  invalid: 'The request does not fit its schema.',
  unauthenticated: 'No valid token or key was sent.',
  payment_required: 'The coins do not suffice.',
  forbidden: 'The caller lacks the scope, or may not do this.',
  not_found: 'There is no such thing, or it is not yours.',
  method_not_allowed: 'This path does not answer this method.',
  conflict: 'The present state does not allow this.',
  too_large: 'The request body is too large.',
  unsupported_media: 'The content type is not application/json.',
  rate_limited: 'Too many requests; try again after Retry-After.',
  internal: 'Something went wrong on our side; the log has the error_id.',
  upstream: 'The AI provider failed.',
  upstream_timeout: 'The AI provider did not answer in time.',
  unavailable: 'A part that this call needs is not available now; try again after Retry-After.',
};

const problemSchema = {
  type: 'object',
  description: 'A problem document of RFC 9457.',
  required: ['type', 'title', 'status', 'code', 'error_id'],
  properties: {
    type: { type: 'string', example: 'urn:lockkeeper:error:route_not_found' },
    title: { type: 'string', description: 'The same sentence for every occurrence of this code.' },
    status: { type: 'integer', example: 404 },
    detail: { type: 'string', description: 'What happened this time and what to do about it.' },
    code: { type: 'string', description: 'Stable; branch on it.', example: 'route_not_found' },
    error_id: { type: 'string', description: 'The id to look for in the logs.' },
    param: { type: 'string', description: 'The request field at fault.' },
    details: { type: 'object', additionalProperties: true },
  },
} as const;

const openAiErrorSchema = {
  type: 'object',
  description: 'The error object of the OpenAI API.',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['message', 'type', 'param', 'code', 'error_id'],
      properties: {
        message: { type: 'string' },
        type: { type: 'string', example: 'invalid_request_error' },
        param: { type: 'string', nullable: true },
        code: { type: 'string', nullable: true, example: 'route_not_found' },
        error_id: { type: 'string', description: 'The id to look for in the logs.' },
      },
    },
  },
} as const;

const kinds = Object.keys(errorKinds) as ErrorKind[];

const retryAfter = { 'Retry-After': { description: 'In seconds.', schema: { type: 'integer' } } };

function responsesOf(prefix: string, mediaType: string, schema: string): [name: string, response: object][] {
  return kinds.map((kind) => [
    `${prefix}_${kind}`,
    {
      description: descriptions[kind],
      content: { [mediaType]: { schema: { $ref: `#/components/schemas/${schema}` } } },
      ...(errorKinds[kind].isRetryable ? { headers: retryAfter } : {}),
    },
  ]);
}

/** The schemas of both error shapes, and a response of each shape for every kind of failure. */
export function errorComponents() {
  return {
    schemas: { Problem: { ...problemSchema }, OpenAiError: { ...openAiErrorSchema } } as object,
    responses: Object.fromEntries([
      ...responsesOf('Problem', 'application/problem+json', 'Problem'),
      ...responsesOf('OpenAiError', 'application/json', 'OpenAiError'),
    ]) as Record<string, never>,
  };
}

/** Adds the failures that an operation shares with all like it, where it does not describe them itself. */
export function addErrorResponses(path: string, operation: Operation): void {
  const isOpenAi = isOpenAiPath(path);
  for (const kind of failuresOf(path, operation)) {
    const status = String(statusOfKind(kind, path));
    operation.responses[status] ??= {
      $ref: `#/components/responses/${isOpenAi ? 'OpenAiError' : 'Problem'}_${kind}`,
    };
  }
}

function failuresOf(path: string, operation: Operation): ErrorKind[] {
  const hasScope = typeof operation[REQUIRED_SCOPE_EXTENSION] === 'string';
  const hasInput = operation.requestBody !== undefined || (operation.parameters ?? []).length > 0;
  return [
    ...(hasScope ? (['unauthenticated', 'forbidden'] as const) : []),
    ...(hasInput ? (['invalid'] as const) : []),
    ...(operation.requestBody ? (['malformed', 'too_large', 'unsupported_media'] as const) : []),
    ...(path.includes('{') ? (['not_found'] as const) : []),
    'rate_limited',
    'internal',
    'unavailable',
  ];
}
