import { type DecodedLines, LineFault } from './line-fault.js';
import { fitMessage, fittingDeviceId, logDataFault, looseLevelOf, UNKNOWN_DEVICE } from './line-fields.js';
import { lineIds } from './line-ids.js';
import { isSane } from './line-time.js';
import type { LogLevel, LogLine } from './log-line.js';
import type { OtlpRecord, OtlpResourceLogs, OtlpScope } from './otlp-record.js';
import type { LineContext } from './seed-line.js';

/** The attributes of a resource that tell what wrote a line, the most exact first. */
const DEVICE_ATTRIBUTES = ['device.id', 'service.instance.id', 'service.name', 'host.name'] as const;

/** By severity number: TRACE 1–4, DEBUG 5–8, INFO 9–12, WARN 13–16, ERROR 17–20, FATAL 21–24. */
const LEVELS: readonly LogLevel[] = ['DEBUG', 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'];
const NUMBERS_PER_LEVEL = 4;

/** What was decoded and can be taken in, whether every line has a time of its own, and what cannot be taken in. */
export interface OtlpLines extends DecodedLines<LogLine> {
  readonly areAllTimed: boolean;
}

/** Maps records to lines. */
export function otlpLines(batches: readonly OtlpResourceLogs[], context: LineContext): OtlpLines {
  const lines: LogLine[] = [];
  const faults: LineFault[] = [];
  let areAllTimed = true;
  let index = 0;
  for (const { resource, scopes } of batches) {
    const deviceId = deviceOf(resource);
    for (const { scope, records } of scopes) {
      for (const record of records) {
        const line =
          typeof record === 'string'
            ? new LineFault(index, 'record', record)
            : toLine(record, index, { deviceId, resource, scope: shownScope(scope) }, context);
        if (line instanceof LineFault) faults.push(line);
        else lines.push(line);
        if (typeof record !== 'string' && record.timeMs === 0 && record.observedMs === 0) areAllTimed = false;
        index++;
      }
    }
  }
  return { lines, faults, areAllTimed };
}

interface Origin {
  readonly deviceId: string;
  readonly resource: Record<string, unknown> | undefined;
  readonly scope: Record<string, unknown> | undefined;
}

function toLine(
  record: OtlpRecord,
  index: number,
  origin: Origin,
  context: LineContext,
): LogLine | LineFault {
  const { window, bodyBytes } = context;
  const logData: Record<string, unknown> = {};
  if (record.attributes) logData['attributes'] = record.attributes;
  if (origin.resource) logData['resource'] = origin.resource;
  if (origin.scope) logData['scope'] = origin.scope;
  if (record.severityText !== '') logData['severity_text'] = record.severityText;
  if (record.severityNumber !== 0) logData['severity_number'] = record.severityNumber;
  if (record.eventName !== '') logData['event_name'] = record.eventName;
  if (record.droppedAttributes !== 0) logData['dropped_attributes_count'] = record.droppedAttributes;
  const given = record.timeMs || record.observedMs;
  const isGivenSane = isSane(window, given);
  if (given !== 0 && !isGivenSane) logData['given_timestamp'] = shownTime(given);
  const message = fitMessage(messageOf(record), logData);
  const fault = logDataFault(logData, bodyBytes);
  if (fault) return new LineFault(index, 'record', fault);
  return {
    id: lineIds.next(window.nowMs),
    device_id: origin.deviceId,
    log_level: levelOfRecord(record),
    message,
    log_data: logData,
    created_at: isGivenSane ? given : window.nowMs,
    trace_id: record.traceId,
    span_id: record.spanId,
  };
}

function deviceOf(resource: Record<string, unknown> | undefined): string {
  for (const name of DEVICE_ATTRIBUTES) {
    const deviceId = fittingDeviceId(resource?.[name]);
    if (deviceId !== undefined) return deviceId;
  }
  return UNKNOWN_DEVICE;
}

function shownScope(scope: OtlpScope | undefined): Record<string, unknown> | undefined {
  if (!scope || (scope.name === '' && scope.version === '' && !scope.attributes)) return undefined;
  const { name, version, attributes } = scope;
  return { name, ...(version === '' ? {} : { version }), ...(attributes ? { attributes } : {}) };
}

function messageOf({ body, eventName }: OtlpRecord): string {
  if (typeof body === 'string') return body === '' ? eventName : body;
  return body === undefined || body === null ? eventName : JSON.stringify(body);
}

function levelOfRecord({ severityNumber, severityText }: OtlpRecord): LogLevel {
  const level =
    severityNumber >= 1 ? LEVELS[Math.floor((severityNumber - 1) / NUMBERS_PER_LEVEL)] : undefined;
  return level ?? looseLevelOf(severityText) ?? 'INFO';
}

/** As ISO text if a date can hold it. */
function shownTime(ms: number): string | number {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? ms : date.toISOString();
}
