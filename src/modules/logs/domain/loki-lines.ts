import { type DecodedLines, LineFault } from './line-fault.js';
import {
  fitMessage,
  fittingDeviceId,
  logDataFault,
  looseLevelOf,
  spanIdOf,
  traceIdOf,
  UNKNOWN_DEVICE,
} from './line-fields.js';
import { lineIds } from './line-ids.js';
import { isSane } from './line-time.js';
import type { LogLevel, LogLine } from './log-line.js';
import type { LineContext } from './seed-line.js';

/** One entry of a Loki stream; one that could not be read says why instead. */
export interface LokiEntry {
  /** Milliseconds since 1970; NaN if the client sent none that can be read. */
  readonly timeMs: number;
  readonly line: string;
  readonly metadata: Record<string, string> | undefined;
}

/** Entries with the same labels. */
export interface LokiStream {
  readonly labels: Record<string, string>;
  readonly entries: (LokiEntry | LineFault)[];
}

/**
 * What was decoded, and whether every line has a time of its own. Loki's clients are told nothing of single entries, so
 * those that are none are kept as what they are (`log_data.unreadable` says why), as long as any other is one.
 */
export interface LokiLines extends DecodedLines<LogLine> {
  readonly areAllTimed: boolean;
}

/** Labels that tell what wrote a line, the most exact first. */
const DEVICE_LABELS = [
  'device_id',
  'device',
  'service_instance_id',
  'instance',
  'hostname',
  'host',
  'pod',
  'service_name',
  'service',
  'app',
  'application',
  'job',
] as const;
const LEVEL_LABELS = ['level', 'log_level', 'detected_level', 'severity'] as const;
const TRACE_LABELS = ['trace_id', 'traceId', 'traceID'] as const;
const SPAN_LABELS = ['span_id', 'spanId', 'spanID'] as const;
/** What pino calls its levels where they are numbers. */
const NUMBER_LEVELS: Readonly<Record<string, LogLevel>> = {
  10: 'DEBUG',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARNING',
  50: 'ERROR',
  60: 'CRITICAL',
};

/** Maps entries to lines; without one that can be read there are none. `tenant` is what the client calls itself (`X-Scope-OrgID`). */
export function lokiLines(
  streams: readonly LokiStream[],
  tenant: string | undefined,
  context: LineContext,
): LokiLines {
  const lines: LogLine[] = [];
  const faults: LineFault[] = [];
  let areAllTimed = true;
  for (const { labels, entries } of streams) {
    const origin = {
      deviceId: fittingDeviceId(firstOf(labels, DEVICE_LABELS)) ?? UNKNOWN_DEVICE,
      labels,
      tenant,
    };
    for (const entry of entries) {
      const line = entry instanceof LineFault ? entry : toLine(entry, lines.length, origin, context);
      if (line instanceof LineFault) faults.push(line);
      lines.push(line instanceof LineFault ? unreadableLine(line, origin, context) : line);
      if (entry instanceof LineFault || Number.isNaN(entry.timeMs)) areAllTimed = false;
    }
  }
  return { lines: faults.length === lines.length ? [] : lines, faults, areAllTimed };
}

function unreadableLine(fault: LineFault, { deviceId, tenant }: Origin, { window }: LineContext): LogLine {
  const logData: Record<string, unknown> = { unreadable: fault.toString() };
  if (tenant !== undefined) logData['tenant'] = tenant;
  return {
    id: lineIds.next(window.nowMs),
    device_id: deviceId,
    log_level: 'WARNING',
    message: fitMessage(fault.raw, logData),
    log_data: logData,
    created_at: window.nowMs,
    trace_id: null,
    span_id: null,
  };
}

interface Origin {
  readonly deviceId: string;
  readonly labels: Record<string, string>;
  readonly tenant: string | undefined;
}

function toLine(entry: LokiEntry, index: number, origin: Origin, context: LineContext): LogLine | LineFault {
  const { window, bodyBytes } = context;
  const { labels } = origin;
  const { timeMs, metadata } = entry;
  const logData: Record<string, unknown> = { labels };
  if (metadata) logData['metadata'] = metadata;
  if (origin.tenant !== undefined) logData['tenant'] = origin.tenant;
  const isGivenSane = isSane(window, timeMs);
  if (!isGivenSane && !Number.isNaN(timeMs)) logData['given_timestamp'] = timeMs;
  const message = fitMessage(entry.line, logData);
  const fault = logDataFault(logData, bodyBytes);
  if (fault) return new LineFault(index, 'labels', fault, entry.line);
  return {
    id: lineIds.next(window.nowMs),
    device_id: origin.deviceId,
    log_level: levelOfEntry(labels, metadata),
    message,
    log_data: logData,
    created_at: isGivenSane ? timeMs : window.nowMs,
    trace_id: traceIdOf(firstOf(metadata, TRACE_LABELS) ?? firstOf(labels, TRACE_LABELS)),
    span_id: spanIdOf(firstOf(metadata, SPAN_LABELS) ?? firstOf(labels, SPAN_LABELS)),
  };
}

function levelOfEntry(
  labels: Record<string, string>,
  metadata: Record<string, string> | undefined,
): LogLevel {
  const name = firstOf(labels, LEVEL_LABELS) ?? firstOf(metadata, LEVEL_LABELS);
  if (name === undefined) return 'INFO';
  return looseLevelOf(name) ?? NUMBER_LEVELS[name] ?? 'INFO';
}

function firstOf(labels: Record<string, string> | undefined, names: readonly string[]): string | undefined {
  if (!labels) return undefined;
  for (const name of names) {
    const value = labels[name];
    if (value !== undefined && value !== '') return value;
  }
  return undefined;
}
