/** A statement that runs. */
export interface RunningRow {
  connection_id: number | string;
  account: string;
  host: string;
  running_ms: number | string;
  state: string | null;
  statement: string;
}

/** Two transactions, one of which waits for a lock of the other. */
export interface LockWaitRow {
  wait_ms: number | string;
  locked_table: string | null;
  locked_index: string | null;
  lock_mode: string | null;
  waiting_connection_id: number | string;
  waiting_host: string | null;
  waiting_statement: string | null;
  blocking_connection_id: number | string;
  blocking_host: string | null;
  blocking_age_ms: number | string;
  blocking_rows_locked: number | string;
  blocking_command: string | null;
  blocking_statement: string | null;
}

/** All statements of one form. */
export interface DigestRow {
  statement: string | null;
  count: number | string;
  total_ms: number | string;
  mean_ms: number | string;
  max_ms: number | string;
  rows_examined: number | string;
  rows_sent: number | string;
  first_seen_s: number | string;
  last_seen_s: number | string;
}

interface Dialects {
  readonly mariadb: string;
  readonly mysql: string;
}

/** Of a statement so much is read; the list of values of a long INSERT is of no interest. */
const STATEMENT = 'LEFT(INFO, 20000)';

const running = (milliseconds: string) => `
  SELECT ID AS connection_id, USER AS account, HOST AS host, ${milliseconds} AS running_ms, STATE AS state,
    ${STATEMENT} AS statement
  FROM information_schema.PROCESSLIST
  WHERE DB = DATABASE() AND COMMAND IN ('Query', 'Execute') AND ID <> CONNECTION_ID() AND INFO IS NOT NULL
    AND ${milliseconds} >= ?
  ORDER BY running_ms DESC LIMIT ?`;

/** Parameters: the least milliseconds, the limit. */
export const runningStatements: Dialects = {
  mariadb: running('TIME_MS'),
  mysql: running('TIME * 1000'),
};

const waits = (source: string, lock: { table: string; index: string; mode: string }) => `
  SELECT TIMESTAMPDIFF(SECOND, r.trx_wait_started, NOW()) * 1000 AS wait_ms,
    ${lock.table} AS locked_table, ${lock.index} AS locked_index, ${lock.mode} AS lock_mode,
    r.trx_mysql_thread_id AS waiting_connection_id, rp.HOST AS waiting_host, r.trx_query AS waiting_statement,
    b.trx_mysql_thread_id AS blocking_connection_id, bp.HOST AS blocking_host,
    TIMESTAMPDIFF(SECOND, b.trx_started, NOW()) * 1000 AS blocking_age_ms,
    b.trx_rows_locked AS blocking_rows_locked, bp.COMMAND AS blocking_command, b.trx_query AS blocking_statement
  FROM ${source}
  JOIN information_schema.PROCESSLIST rp ON rp.ID = r.trx_mysql_thread_id
  LEFT JOIN information_schema.PROCESSLIST bp ON bp.ID = b.trx_mysql_thread_id
  WHERE rp.DB = DATABASE()
  ORDER BY wait_ms DESC, waiting_connection_id LIMIT ?`;

/** Parameter: the limit. */
export const lockWaits: Dialects = {
  mariadb: waits(
    `information_schema.INNODB_LOCK_WAITS w
     JOIN information_schema.INNODB_TRX r ON r.trx_id = w.requesting_trx_id
     JOIN information_schema.INNODB_TRX b ON b.trx_id = w.blocking_trx_id
     LEFT JOIN information_schema.INNODB_LOCKS l ON l.lock_id = w.requested_lock_id`,
    { table: 'l.lock_table', index: 'l.lock_index', mode: 'l.lock_mode' },
  ),
  mysql: waits(
    `performance_schema.data_lock_waits w
     JOIN information_schema.INNODB_TRX r ON r.trx_id = w.REQUESTING_ENGINE_TRANSACTION_ID
     JOIN information_schema.INNODB_TRX b ON b.trx_id = w.BLOCKING_ENGINE_TRANSACTION_ID
     LEFT JOIN performance_schema.data_locks l ON l.ENGINE = w.ENGINE AND l.ENGINE_LOCK_ID = w.REQUESTING_ENGINE_LOCK_ID`,
    { table: 'l.OBJECT_NAME', index: 'l.INDEX_NAME', mode: 'l.LOCK_MODE' },
  ),
};

/** Parameter: the limit. The server counts in picoseconds. */
export const digests = `
  SELECT DIGEST_TEXT AS statement, COUNT_STAR AS count, SUM_TIMER_WAIT / 1e9 AS total_ms,
    AVG_TIMER_WAIT / 1e9 AS mean_ms, MAX_TIMER_WAIT / 1e9 AS max_ms, SUM_ROWS_EXAMINED AS rows_examined,
    SUM_ROWS_SENT AS rows_sent, UNIX_TIMESTAMP(FIRST_SEEN) AS first_seen_s, UNIX_TIMESTAMP(LAST_SEEN) AS last_seen_s
  FROM performance_schema.events_statements_summary_by_digest
  WHERE SCHEMA_NAME = DATABASE() ORDER BY SUM_TIMER_WAIT DESC LIMIT ?`;
