import { PbfWriter } from 'pbf';
import { type ErrorKind, errorKinds } from '../errors/index.js';
import { commonHeaders, type ErrorShape } from './error-shape.js';

const PROTOBUF = 'application/x-protobuf';

/** The field `message` of `google.rpc.Status`. */
const STATUS_MESSAGE_FIELD = 2;

/**
 * Clients of OTLP and Loki know no 422: to them a body that does not fit is a 400, which they do not send again.
 */
function statusOf(kind: ErrorKind): number {
  return errorKinds[kind === 'invalid' ? 'malformed' : kind].status;
}

/** The `Status` of OTLP/HTTP, in the encoding of the request. */
export const otlpErrors: ErrorShape = {
  statusOf,
  answer: (error, request) => {
    const isProtobuf = request.contentType?.toLowerCase().startsWith(PROTOBUF) ?? false;
    return {
      status: statusOf(error.kind),
      contentType: isProtobuf ? PROTOBUF : 'application/json',
      headers: commonHeaders(error),
      body: isProtobuf ? protobufStatus(error.message) : { message: error.message },
    };
  },
};

function protobufStatus(message: string): Buffer {
  const writer = new PbfWriter();
  writer.writeStringField(STATUS_MESSAGE_FIELD, message);
  return Buffer.from(writer.finish());
}

/** One line of text, as Loki answers. */
export const plainTextErrors: ErrorShape = {
  statusOf,
  answer: (error) => ({
    status: statusOf(error.kind),
    contentType: 'text/plain; charset=utf-8',
    headers: commonHeaders(error),
    body: `${error.code}: ${error.message}\n`,
  }),
};
