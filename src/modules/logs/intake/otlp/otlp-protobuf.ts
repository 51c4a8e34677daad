import { setNamed, spanIdOf, traceIdOf } from '../../domain/line-fields.js';
import {
  emptyRecord,
  MAX_VALUE_LEVELS,
  type OtlpRecord,
  type OtlpResourceLogs,
  type OtlpScope,
  type OtlpScopeLogs,
  TOO_DEEP,
  TooDeepError,
} from '../../domain/otlp-record.js';
import { ProtobufError, StrictProtobufReader } from '../protobuf-reader.js';

/** Texts that numbers beyond JSON have in it. */
const UNWRITABLE = new Map([
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [Number.NEGATIVE_INFINITY, '-Infinity'],
]);

/**
 * Reads OTLP's protobuf encoding (opentelemetry/proto/collector/logs/v1). Unknown fields are ignored.
 * @throws ProtobufError, or an error of the reader, if it is something else.
 */
export function decodeOtlpProtobuf(bytes: Buffer): OtlpResourceLogs[] {
  const reader = new StrictProtobufReader(bytes);
  const batches: OtlpResourceLogs[] = [];
  reader.fields((field) => {
    if (field === 1) batches.push(reader.message(() => readResourceLogs(reader)));
  });
  return batches;
}

function readResourceLogs(reader: StrictProtobufReader): OtlpResourceLogs {
  const batch: OtlpResourceLogs = { resource: undefined, scopes: [] };
  reader.fields((field) => {
    if (field === 1) batch.resource = reader.message(() => readResource(reader));
    else if (field === 2) batch.scopes.push(reader.message(() => readScopeLogs(reader)));
  });
  return batch;
}

function readResource(reader: StrictProtobufReader): Record<string, unknown> | undefined {
  let attributes: Record<string, unknown> | undefined;
  shallow(() =>
    reader.fields((field) => {
      if (field === 1) readPair(reader, (attributes ??= {}), 1);
    }),
  );
  return attributes;
}

function readScopeLogs(reader: StrictProtobufReader): OtlpScopeLogs {
  const batch: OtlpScopeLogs = { scope: undefined, records: [] };
  reader.fields((field) => {
    if (field === 1) batch.scope = reader.message(() => readScope(reader));
    else if (field === 2) batch.records.push(reader.message(() => readRecord(reader)));
  });
  return batch;
}

function readScope(reader: StrictProtobufReader): OtlpScope {
  const scope: OtlpScope = { name: '', version: '', attributes: undefined };
  shallow(() =>
    reader.fields((field) => {
      if (field === 1) scope.name = reader.text();
      else if (field === 2) scope.version = reader.text();
      else if (field === 3) readPair(reader, (scope.attributes ??= {}), 1);
    }),
  );
  return scope;
}

function readRecord(reader: StrictProtobufReader): OtlpRecord | string {
  const record = emptyRecord();
  try {
    reader.fields((field) => readRecordField(reader, record, field));
    return record;
  } catch (error) {
    if (error instanceof TooDeepError) return TOO_DEEP;
    throw error;
  }
}

function readRecordField(reader: StrictProtobufReader, record: OtlpRecord, field: number): void {
  switch (field) {
    case 1:
      record.timeMs = reader.nanosecondsAsMs();
      break;
    case 2:
      record.severityNumber = reader.uint32();
      break;
    case 3:
      record.severityText = reader.text();
      break;
    case 5:
      record.body = reader.message(() => readValue(reader, 0));
      break;
    case 6:
      readPair(reader, (record.attributes ??= {}), 1);
      break;
    case 7:
      record.droppedAttributes = reader.uint32();
      break;
    case 9:
      record.traceId = traceIdOf(reader.encodedBytes('hex'));
      break;
    case 10:
      record.spanId = spanIdOf(reader.encodedBytes('hex'));
      break;
    case 11:
      record.observedMs = reader.nanosecondsAsMs();
      break;
    case 12:
      record.eventName = reader.text();
      break;
  }
}

function readPair(reader: StrictProtobufReader, target: Record<string, unknown>, level: number): void {
  reader.message(() => {
    let key = '';
    let value: unknown = null;
    reader.fields((field) => {
      if (field === 1) key = reader.text();
      else if (field === 2) value = reader.message(() => readValue(reader, level));
    });
    setNamed(target, key, value);
  });
}

/** An AnyValue as plain JSON; bytes become base64. */
function readValue(reader: StrictProtobufReader, level: number): unknown {
  if (level > MAX_VALUE_LEVELS) throw new TooDeepError();
  let value: unknown = null;
  reader.fields((field) => {
    if (field === 1) value = reader.text();
    else if (field === 2) value = reader.boolean();
    else if (field === 3) value = reader.int64();
    else if (field === 4) value = writable(reader.double());
    else if (field === 5) value = reader.message(() => readList(reader, level));
    else if (field === 6) value = reader.message(() => readPairs(reader, level));
    else if (field === 7) value = reader.encodedBytes('base64');
  });
  return value;
}

function readList(reader: StrictProtobufReader, level: number): unknown[] {
  const values: unknown[] = [];
  reader.fields((field) => {
    if (field === 1) values.push(reader.message(() => readValue(reader, level + 1)));
  });
  return values;
}

function readPairs(reader: StrictProtobufReader, level: number): Record<string, unknown> {
  const pairs: Record<string, unknown> = {};
  reader.fields((field) => {
    if (field === 1) readPair(reader, pairs, level + 1);
  });
  return pairs;
}

function writable(value: number): number | string {
  return Number.isNaN(value) ? 'NaN' : (UNWRITABLE.get(value) ?? value);
}

/** What all records share cannot be left out for its depth. */
function shallow(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (error instanceof TooDeepError) throw new ProtobufError(`The resource or scope ${TOO_DEEP}.`);
    throw error;
  }
}
