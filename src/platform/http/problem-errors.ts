import { errorKinds } from '../errors/index.js';
import { commonHeaders, type ErrorShape } from './error-shape.js';

/** A problem document of RFC 9457, with our stable `code` and the `error_id` to look for in the logs. */
export const problemErrors: ErrorShape = {
  statusOf: (kind) => errorKinds[kind].status,
  answer: (error, request) => {
    const { status } = errorKinds[error.kind];
    return {
      status,
      contentType: 'application/problem+json',
      headers: commonHeaders(error),
      body: {
        type: `urn:lockkeeper:error:${error.code}`,
        title: error.title,
        status,
        ...(error.message === error.title ? {} : { detail: error.message }),
        code: error.code,
        error_id: request.id,
        ...(error.param === undefined ? {} : { param: error.param }),
        ...(error.details === undefined ? {} : { details: error.details }),
      },
    };
  },
};
