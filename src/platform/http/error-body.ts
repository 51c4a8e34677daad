import type { FastifyRequest } from 'fastify';
import type { AppError } from '../errors/index.js';
import type { ErrorAnswer, ErrorShape, ErrorShapeName } from './error-shape.js';
import { otlpErrors, plainTextErrors } from './ingestion-errors.js';
import { openAiErrors } from './openai-errors.js';
import { problemErrors } from './problem-errors.js';
import { routeOptionsOf } from './route-options.js';

const shapes: Record<ErrorShapeName, ErrorShape> = {
  problem: problemErrors,
  openai: openAiErrors,
  otlp: otlpErrors,
  plain_text: plainTextErrors,
};

/** Paths whose clients are OpenAI SDKs and expect that API's error object, unless a route says otherwise. */
const OPENAI_PREFIX = '/v1/';

/** The name of the shape of a path's errors; `ofRoute` is what its route says, if it does. */
export function errorShapeName(url: string, ofRoute: ErrorShapeName | undefined): ErrorShapeName {
  return ofRoute ?? (url.startsWith(OPENAI_PREFIX) ? 'openai' : 'problem');
}

/** A shape by its name. */
export function errorShape(name: ErrorShapeName): ErrorShape {
  return shapes[name];
}

/** The answer to a failed request, in the shape that the clients of its route understand. */
export function errorAnswer(error: AppError, request: FastifyRequest): ErrorAnswer {
  const name = errorShapeName(request.url, routeOptionsOf(request).errorShape);
  return shapes[name].answer(error, { id: request.id, contentType: request.headers['content-type'] });
}
