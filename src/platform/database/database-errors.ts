/** What the database's errors mean, by the numbers of MySQL and MariaDB. */

/** 1205 lock wait timeout, 1213 deadlock, 1020 record changed since read (MariaDB 11.6.2 and newer). */
const RETRYABLE_ERRNO = new Set([1205, 1213, 1020]);
const DUPLICATE_KEY_ERRNO = 1062;
/** What a server answers to a read that took longer than it was given: 1969 MariaDB, 3024 MySQL. */
const TIME_LIMIT_ERRNO = new Set([1969, 3024]);
/** 1040 too many connections, 1053 server shuts down, 1927 connection killed. */
const UNAVAILABLE_ERRNO = new Set([1040, 1053, 1927]);
/** mysql2's own words for a pool whose line is full; it gives them no code. */
const POOL_IS_FULL = 'Queue limit reached.';

/** The server's error number, if `error` comes from the database. */
function databaseErrno(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { errno, driverError } = error as { errno?: unknown; driverError?: unknown };
  if (typeof errno === 'number') return errno;
  return driverError === undefined || driverError === error ? undefined : databaseErrno(driverError);
}

export function isLockConflict(error: unknown): boolean {
  const errno = databaseErrno(error);
  return errno !== undefined && RETRYABLE_ERRNO.has(errno);
}

/** True if the server answered and refused, false if it could not be asked. */
export function isServerRefusal(error: unknown): boolean {
  // The operating system's error numbers are negative in Node.js.
  return (databaseErrno(error) ?? 0) > 0;
}

/** 1366 wrong text for a column, 1265 cut to fit, 1153 packet too large, 3819 check violated: of no class that says so. */
const DATA_ERRNO = new Set([1366, 1265, 1153, 3819]);

/** 1148 and 3948 of MySQL, 4166 of MariaDB: `LOAD DATA LOCAL` is not allowed. */
const LOAD_REFUSED_ERRNO = new Set([1148, 3948, 4166]);

/**
 * True if the server refuses the data itself, so that trying again is no use: its SQLSTATE is of the classes 22 (data
 * exception), 23 (integrity) or 45 (a trigger's own). A full disk, a read-only server or a lock is none of these.
 */
export function isDataRefusal(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { sqlState, driverError } = error as { sqlState?: unknown; driverError?: unknown };
  if (typeof sqlState === 'string')
    return /^(22|23|45)/.test(sqlState) || DATA_ERRNO.has(databaseErrno(error) ?? 0);
  return driverError === undefined || driverError === error ? false : isDataRefusal(driverError);
}

/** True if the server does not allow `LOAD DATA LOCAL`. */
export function isLoadRefused(error: unknown): boolean {
  return LOAD_REFUSED_ERRNO.has(databaseErrno(error) ?? 0);
}

/** True if a unique key refused a row (1062). */
export function isDuplicateKey(error: unknown): boolean {
  return databaseErrno(error) === DUPLICATE_KEY_ERRNO;
}

/** True if the database could not be asked: it is away, shuts down, or too many wait for a connection. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const driverError = (error as { driverError?: unknown }).driverError ?? error;
  const { message, code, syscall, fatal } = driverError as Partial<
    NodeJS.ErrnoException & { fatal: boolean }
  >;
  if (message === POOL_IS_FULL || UNAVAILABLE_ERRNO.has(databaseErrno(error) ?? 0)) return true;
  return (
    fatal === true &&
    (syscall !== undefined || code?.startsWith('PROTOCOL_') === true || code === 'ECONNRESET')
  );
}

/** 1044, 1142, 1143, 1227: the account may not. */
const RIGHT_ERRNO = new Set([1044, 1142, 1143, 1227]);
/** 1109 and 1146: no such table; 1193: no such variable. */
const ABSENT_ERRNO = new Set([1109, 1146, 1193]);

/** True if the server refused a statement because the account lacks a right. */
export function isRightMissing(error: unknown): boolean {
  return RIGHT_ERRNO.has(databaseErrno(error) ?? 0);
}

/** True if this kind of server, or this version of it, does not have what was asked for. */
export function isFeatureAbsent(error: unknown): boolean {
  return ABSENT_ERRNO.has(databaseErrno(error) ?? 0);
}

/** True if the server ended a read because it took longer than it was given. */
export function isTimeLimitExceeded(error: unknown): boolean {
  return TIME_LIMIT_ERRNO.has(databaseErrno(error) ?? 0);
}
