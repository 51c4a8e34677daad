import { PbfWriter } from 'pbf';

/** Values as OTLP has them: what JSON has, and bytes. */
export type OtlpValue =
  | null
  | string
  | number
  | boolean
  | Buffer
  | OtlpValue[]
  | { [key: string]: OtlpValue };

export interface OtlpTestRecord {
  timeMs?: number;
  observedMs?: number;
  severityNumber?: number;
  severityText?: string;
  body?: OtlpValue;
  attributes?: Record<string, OtlpValue>;
  traceId?: string;
  spanId?: string;
  eventName?: string;
}

export interface OtlpTestBatch {
  resource?: Record<string, OtlpValue>;
  scope?: { name: string; version?: string };
  records: OtlpTestRecord[];
}

/** OTLP as JSON, as the SDKs write it. */
export function otlpJson({ resource, scope, records }: OtlpTestBatch): object {
  return {
    resourceLogs: [
      {
        resource: resource && { attributes: jsonPairs(resource) },
        scopeLogs: [{ scope, logRecords: records.map(jsonRecord) }],
      },
    ],
  };
}

function jsonRecord(record: OtlpTestRecord): object {
  return {
    timeUnixNano: record.timeMs === undefined ? undefined : `${record.timeMs}000000`,
    observedTimeUnixNano: record.observedMs === undefined ? undefined : `${record.observedMs}000000`,
    severityNumber: record.severityNumber,
    severityText: record.severityText,
    body: record.body === undefined ? undefined : jsonValue(record.body),
    attributes: record.attributes && jsonPairs(record.attributes),
    traceId: record.traceId,
    spanId: record.spanId,
    eventName: record.eventName,
  };
}

function jsonPairs(values: Record<string, OtlpValue>): object[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: jsonValue(value) }));
}

function jsonValue(value: OtlpValue): object {
  if (value === null) return {};
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') {
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  }
  if (Buffer.isBuffer(value)) return { bytesValue: value.toString('base64') };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(jsonValue) } };
  return { kvlistValue: { values: jsonPairs(value) } };
}

/** OTLP as protobuf. */
export function otlpProtobuf(batch: OtlpTestBatch): Buffer {
  const writer = new PbfWriter();
  writer.writeMessage(1, writeResourceLogs, batch);
  return Buffer.from(writer.finish());
}

function writeResourceLogs({ resource, scope, records }: OtlpTestBatch, writer: PbfWriter): void {
  if (resource) {
    writer.writeMessage(1, (values, message) => writePairs(1, values, message), resource);
  }
  writer.writeMessage(
    2,
    (_, message) => {
      if (scope) {
        message.writeMessage(
          1,
          ({ name, version }, inner) => {
            inner.writeStringField(1, name);
            if (version !== undefined) inner.writeStringField(2, version);
          },
          scope,
        );
      }
      for (const record of records) message.writeMessage(2, writeRecord, record);
    },
    undefined,
  );
}

function writeRecord(record: OtlpTestRecord, writer: PbfWriter): void {
  if (record.timeMs !== undefined) writer.writeFixed64Field(1, record.timeMs * 1e6);
  if (record.severityNumber !== undefined) writer.writeVarintField(2, record.severityNumber);
  if (record.severityText !== undefined) writer.writeStringField(3, record.severityText);
  if (record.body !== undefined) writer.writeMessage(5, writeValue, record.body);
  if (record.attributes) writePairs(6, record.attributes, writer);
  if (record.traceId !== undefined) writer.writeBytesField(9, Buffer.from(record.traceId, 'hex'));
  if (record.spanId !== undefined) writer.writeBytesField(10, Buffer.from(record.spanId, 'hex'));
  if (record.observedMs !== undefined) writer.writeFixed64Field(11, record.observedMs * 1e6);
  if (record.eventName !== undefined) writer.writeStringField(12, record.eventName);
}

function writePairs(field: number, values: Record<string, OtlpValue>, writer: PbfWriter): void {
  for (const pair of Object.entries(values)) {
    writer.writeMessage(
      field,
      ([key, value], message) => {
        message.writeStringField(1, key);
        message.writeMessage(2, writeValue, value);
      },
      pair,
    );
  }
}

function writeValue(value: OtlpValue, writer: PbfWriter): void {
  if (value === null) return;
  if (typeof value === 'string') writer.writeStringField(1, value);
  else if (typeof value === 'boolean') writer.writeBooleanField(2, value);
  else if (typeof value === 'number') {
    if (Number.isInteger(value)) writer.writeVarintField(3, value);
    else writer.writeDoubleField(4, value);
  } else if (Buffer.isBuffer(value)) writer.writeBytesField(7, value);
  else if (Array.isArray(value)) {
    writer.writeMessage(
      5,
      (items, message) => {
        for (const item of items) message.writeMessage(1, writeValue, item);
      },
      value,
    );
  } else writer.writeMessage(6, (pairs, message) => writePairs(1, pairs, message), value);
}

export interface LokiTestEntry {
  timeMs: number;
  line: string;
  metadata?: Record<string, string>;
}

/** A push to Loki as protobuf, before snappy. */
export function lokiProtobuf(labels: string, entries: LokiTestEntry[]): Buffer {
  const writer = new PbfWriter();
  writer.writeMessage(
    1,
    (_, stream) => {
      stream.writeStringField(1, labels);
      for (const entry of entries) stream.writeMessage(2, writeEntry, entry);
    },
    undefined,
  );
  return Buffer.from(writer.finish());
}

function writeEntry({ timeMs, line, metadata }: LokiTestEntry, writer: PbfWriter): void {
  writer.writeMessage(
    1,
    (_, time) => {
      time.writeVarintField(1, Math.floor(timeMs / 1000));
      time.writeVarintField(2, (timeMs % 1000) * 1e6);
    },
    undefined,
  );
  writer.writeStringField(2, line);
  for (const pair of Object.entries(metadata ?? {})) {
    writer.writeMessage(
      3,
      ([name, value], message) => {
        message.writeStringField(1, name);
        message.writeStringField(2, value);
      },
      pair,
    );
  }
}
