import { setNamed, spanIdOf, traceIdOf } from './line-fields.js';
import {
  emptyRecord,
  MAX_VALUE_LEVELS,
  type OtlpRecord,
  type OtlpResourceLogs,
  type OtlpScope,
  type OtlpScopeLogs,
  TOO_DEEP,
  TooDeepError,
} from './otlp-record.js';

const NANOSECONDS = 1_000_000;
/** By so many nanoseconds a number of them may be off: it must not fall into the millisecond before. */
const ROUNDING = 256;
/** Digits of a time in nanoseconds that are less than a millisecond. */
const NANOSECOND_DIGITS = 6;

type Json = Record<string, unknown>;

/** The request is not what OTLP's JSON encoding says. */
export class OtlpShapeError extends Error {}

/**
 * Reads OTLP's JSON encoding, parsed already. Any field may be missing, unknown ones are ignored.
 * @throws OtlpShapeError if what should be a list or an object is something else above the records.
 */
export function decodeOtlpJson(body: unknown): OtlpResourceLogs[] {
  const request = objectOf(body, 'The body');
  return listOf(request['resourceLogs'], 'resourceLogs').map((item): OtlpResourceLogs => {
    const { resource, scopeLogs } = objectOf(item, 'Each of resourceLogs');
    return {
      resource: isObject(resource) ? optionalAttributes(resource['attributes']) : undefined,
      scopes: listOf(scopeLogs, 'scopeLogs').map(decodeScopeLogs),
    };
  });
}

function decodeScopeLogs(item: unknown): OtlpScopeLogs {
  const { scope, logRecords } = objectOf(item, 'Each of scopeLogs');
  return {
    scope: isObject(scope) ? decodeScope(scope) : undefined,
    records: listOf(logRecords, 'logRecords').map(decodeRecord),
  };
}

function decodeScope({ name, version, attributes }: Json): OtlpScope {
  return { name: textOf(name), version: textOf(version), attributes: optionalAttributes(attributes) };
}

function decodeRecord(item: unknown): OtlpRecord | string {
  if (!isObject(item)) return 'must be an object';
  const record = emptyRecord();
  record.timeMs = millisecondsOf(item['timeUnixNano']);
  record.observedMs = millisecondsOf(item['observedTimeUnixNano']);
  record.severityNumber = wholeNumberOf(item['severityNumber']);
  record.severityText = textOf(item['severityText']);
  record.droppedAttributes = wholeNumberOf(item['droppedAttributesCount']);
  record.traceId = traceIdOf(item['traceId']);
  record.spanId = spanIdOf(item['spanId']);
  record.eventName = textOf(item['eventName']);
  try {
    record.attributes = attributesOf(item['attributes'], 0);
    record.body = valueOf(item['body'], 0);
  } catch (error) {
    if (error instanceof TooDeepError) return TOO_DEEP;
    if (error instanceof OtlpShapeError) return error.message;
    throw error;
  }
  return record;
}

function optionalAttributes(list: unknown): Json | undefined {
  try {
    return attributesOf(list, 0);
  } catch (error) {
    if (error instanceof TooDeepError) throw new OtlpShapeError(`The resource or scope ${TOO_DEEP}.`);
    throw error;
  }
}

function attributesOf(list: unknown, level: number): Json | undefined {
  if (list === undefined || list === null) return undefined;
  if (!Array.isArray(list)) throw new OtlpShapeError('attributes must be a list');
  if (list.length === 0) return undefined;
  return pairsOf(list, level);
}

function pairsOf(list: readonly unknown[], level: number): Json {
  const attributes: Json = {};
  for (const pair of list) {
    if (!isObject(pair) || typeof pair['key'] !== 'string') {
      throw new OtlpShapeError('attributes must each have a key');
    }
    setNamed(attributes, pair['key'], valueOf(pair['value'], level + 1));
  }
  return attributes;
}

/** An AnyValue as plain JSON; bytes stay base64. */
function valueOf(value: unknown, level: number): unknown {
  if (level > MAX_VALUE_LEVELS) throw new TooDeepError();
  if (!isObject(value)) return null;
  if (typeof value['stringValue'] === 'string') return value['stringValue'];
  if ('intValue' in value) return integerOf(value['intValue']);
  if ('boolValue' in value) return value['boolValue'] === true;
  if ('doubleValue' in value) return doubleOf(value['doubleValue']);
  if (isObject(value['kvlistValue'])) return pairsOf(valuesIn(value['kvlistValue']), level);
  if (isObject(value['arrayValue'])) {
    return valuesIn(value['arrayValue']).map((item) => valueOf(item, level + 1));
  }
  return typeof value['bytesValue'] === 'string' ? value['bytesValue'] : null;
}

function valuesIn({ values }: Json): readonly unknown[] {
  return Array.isArray(values) ? values : [];
}

/** A 64-bit integer comes as text or number; one that a number cannot hold stays text. */
function integerOf(value: unknown): unknown {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return null;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Numbers, and the texts that JSON has for those it cannot write. */
function doubleOf(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'string' ? value : null;
}

/** 0 for what is no time. A 64-bit number of nanoseconds is more than a number can hold exactly. */
function millisecondsOf(value: unknown): number {
  if (typeof value === 'number') return value > 0 ? Math.floor((value + ROUNDING) / NANOSECONDS) : 0;
  if (typeof value !== 'string' || value.length <= NANOSECOND_DIGITS) return 0;
  const milliseconds = Number(value.slice(0, -NANOSECOND_DIGITS));
  return Number.isSafeInteger(milliseconds) && milliseconds > 0 ? milliseconds : 0;
}

function wholeNumberOf(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) ? value : 0;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectOf(value: unknown, name: string): Json {
  if (!isObject(value)) throw new OtlpShapeError(`${name} must be an object.`);
  return value;
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new OtlpShapeError(`${name} must be a list.`);
  return value;
}
