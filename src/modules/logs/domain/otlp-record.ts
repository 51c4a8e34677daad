/**
 * The messages of OTLP's `ExportLogsServiceRequest`, as far as they are kept: what both encodings are decoded to.
 * Times are milliseconds since 1970; 0 where none was sent.
 */
export interface OtlpRecord {
  timeMs: number;
  observedMs: number;
  severityNumber: number;
  severityText: string;
  body: unknown;
  attributes: Record<string, unknown> | undefined;
  droppedAttributes: number;
  traceId: string | null;
  spanId: string | null;
  eventName: string;
}

export interface OtlpScope {
  name: string;
  version: string;
  attributes: Record<string, unknown> | undefined;
}

/** The records of one scope; one that could not be read says why instead. */
export interface OtlpScopeLogs {
  scope: OtlpScope | undefined;
  records: (OtlpRecord | string)[];
}

export interface OtlpResourceLogs {
  resource: Record<string, unknown> | undefined;
  scopes: OtlpScopeLogs[];
}

/** Values are nested at most so deep. */
export const MAX_VALUE_LEVELS = 32;
export const TOO_DEEP = `is nested more than ${MAX_VALUE_LEVELS} levels deep`;

/** The value of an AnyValue was nested too deep. It spoils its record, no more. */
export class TooDeepError extends Error {}

export function emptyRecord(): OtlpRecord {
  return {
    timeMs: 0,
    observedMs: 0,
    severityNumber: 0,
    severityText: '',
    body: undefined,
    attributes: undefined,
    droppedAttributes: 0,
    traceId: null,
    spanId: null,
    eventName: '',
  };
}
