import { sqlPath } from './domain/data-path.js';
import type { LinePlace, LogFilter, TimeWindow } from './domain/log-filter.js';

/** A statement and what stands for its question marks. */
export interface SelectStatement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

interface Condition {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Longer data is left out at first, so that what one read gives is bounded: see `LogQueryRepository.addData`. */
const MAX_DATA_BYTES = 4_096;
const LINE = `id, device_id, log_level, message, created_at, trace_id, span_id,
  IF(LENGTH(log_data) > ${MAX_DATA_BYTES}, NULL, log_data) AS log_data,
  COALESCE(LENGTH(log_data) > ${MAX_DATA_BYTES}, 0) AS lacks_data,
  LENGTH(message) + COALESCE(LENGTH(log_data), 0) AS bytes`;
const NEWEST_FIRST = 'ORDER BY created_at DESC, id DESC LIMIT ?';

/**
 * The lines that fit, in the order of one index, so that the read ends with the last line wanted. Which index
 * that is is fixed: a server that guesses wrong reads a whole day and sorts it. Levels are read each by itself, since
 * several of them have no common order in their index.
 */
export function selectLines(
  filter: LogFilter,
  window: TimeWindow,
  before: LinePlace | undefined,
  limit: number,
): SelectStatement {
  const { deviceId, traceId, levels } = filter;
  const shared = [...windowConditions(window), ...placeConditions(before), ...contentConditions(filter)];
  if (deviceId === undefined && traceId === undefined && levels !== undefined) {
    const parts = levels.map((level) =>
      select('idx_logs_level_time', [equal('log_level', level), ...shared], limit),
    );
    return parts.length === 1 && parts[0] ? parts[0] : union(parts, limit);
  }
  const index =
    traceId !== undefined
      ? 'idx_logs_trace'
      : deviceId !== undefined
        ? 'idx_logs_device_time'
        : 'idx_logs_time';
  const own = [
    ...(traceId === undefined ? [] : [equal('trace_id', traceId)]),
    ...(deviceId === undefined ? [] : [equal('device_id', deviceId)]),
    ...(levels === undefined ? [] : [{ sql: 'log_level IN (?)', parameters: [levels] }]),
  ];
  return select(index, [...own, ...shared], limit);
}

/** The newest lines of a device, of any time. */
export function selectDeviceLines(deviceId: string, limit: number): SelectStatement {
  return select('idx_logs_device_time', [equal('device_id', deviceId)], limit);
}

function select(index: string, conditions: readonly Condition[], limit: number): SelectStatement {
  return {
    sql: `SELECT ${LINE} FROM logs FORCE INDEX (${index})
      WHERE ${conditions.map(({ sql }) => sql).join(' AND ')} ${NEWEST_FIRST}`,
    parameters: [...conditions.flatMap(({ parameters }) => parameters), limit],
  };
}

function union(parts: readonly SelectStatement[], limit: number): SelectStatement {
  return {
    sql: `SELECT * FROM (${parts.map(({ sql }) => `(${sql})`).join(' UNION ALL ')}) AS found
      ${NEWEST_FIRST}`,
    parameters: [...parts.flatMap(({ parameters }) => parameters), limit],
  };
}

function equal(column: 'device_id' | 'trace_id' | 'log_level', value: string): Condition {
  return { sql: `${column} = ?`, parameters: [value] };
}

function windowConditions({ fromMs, toMs }: TimeWindow): Condition[] {
  return [{ sql: 'created_at >= ? AND created_at < ?', parameters: [new Date(fromMs), new Date(toMs)] }];
}

/** In this form, unlike as a comparison of pairs, it is a range of the index. */
function placeConditions(before: LinePlace | undefined): Condition[] {
  if (!before) return [];
  const at = new Date(before.createdAtMs);
  return [{ sql: 'created_at <= ? AND (created_at < ? OR id < ?)', parameters: [at, at, before.id] }];
}

function contentConditions({ text, data }: LogFilter): Condition[] {
  const conditions: Condition[] = [];
  if (text !== undefined) {
    // This collation tells emoji apart, which that of the column does not.
    const sql = "message COLLATE utf8mb4_unicode_520_ci LIKE ? ESCAPE '!'";
    conditions.push({ sql, parameters: [`%${text.replaceAll(/[!%_]/g, '!$&')}%`] });
  }
  if (data !== undefined) {
    const path = sqlPath(data.path);
    // Byte by byte: texts that differ in case or in blanks at their end are not equal.
    const sql = `(CAST(JSON_UNQUOTE(JSON_EXTRACT(log_data, ?)) AS BINARY) = CAST(? AS BINARY)
      AND JSON_TYPE(JSON_EXTRACT(log_data, ?)) NOT IN ('OBJECT', 'ARRAY', 'NULL'))`;
    conditions.push({ sql, parameters: [path, data.value, path] });
  }
  return conditions;
}
