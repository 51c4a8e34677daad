import { type ErrorKind, errorKinds } from '../../errors/index.js';
import { errorShape, errorShapeName } from '../error-body.js';
import type { ErrorShapeName } from '../error-shape.js';
import { ERROR_SHAPE_EXTENSION } from '../route-options.js';
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
  unsupported_media: 'The route does not take this content type or encoding.',
  range_not_satisfiable: 'There is nothing in the range that was asked for.',
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

const otlpStatusSchema = {
  type: 'object',
  description: 'The `Status` of OTLP/HTTP, as JSON or protobuf as the request was.',
  required: ['message'],
  properties: { message: { type: 'string' } },
} as const;

const plainTextErrorSchema = {
  type: 'string',
  description: 'The stable code and what happened, in one line.',
  example: 'malformed_request: The body is not JSON.',
} as const;

/** What the document says of each shape that errors have. */
const shapes: Record<ErrorShapeName, { component: string; mediaTypes: string[]; schema: object }> = {
  problem: { component: 'Problem', mediaTypes: ['application/problem+json'], schema: problemSchema },
  openai: { component: 'OpenAiError', mediaTypes: ['application/json'], schema: openAiErrorSchema },
  otlp: {
    component: 'OtlpStatus',
    mediaTypes: ['application/json', 'application/x-protobuf'],
    schema: otlpStatusSchema,
  },
  plain_text: { component: 'PlainTextError', mediaTypes: ['text/plain'], schema: plainTextErrorSchema },
};

function responsesOf({
  component,
  mediaTypes,
}: (typeof shapes)[ErrorShapeName]): [string, response: object][] {
  const schema = { $ref: `#/components/schemas/${component}` };
  return kinds.map((kind) => [
    `${component}_${kind}`,
    {
      description: descriptions[kind],
      content: Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema }])),
      ...(errorKinds[kind].isRetryable ? { headers: retryAfter } : {}),
    },
  ]);
}

/** The schemas of all error shapes, and a response of each shape for every kind of failure. */
export function errorComponents() {
  const all = Object.values(shapes);
  return {
    schemas: Object.fromEntries(all.map(({ component, schema }) => [component, { ...schema }])) as object,
    responses: Object.fromEntries(all.flatMap(responsesOf)) as Record<string, never>,
  };
}

/** Adds the failures that an operation shares with all like it, where it does not describe them itself. */
export function addErrorResponses(path: string, operation: Operation): void {
  const name = errorShapeName(path, operation[ERROR_SHAPE_EXTENSION]);
  for (const kind of failuresOf(path, operation)) {
    const status = String(errorShape(name).statusOf(kind));
    operation.responses[status] ??= { $ref: `#/components/responses/${shapes[name].component}_${kind}` };
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
