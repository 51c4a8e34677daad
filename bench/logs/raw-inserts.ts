import { Readable } from 'node:stream';
import { type Connection, createConnection, type ResultSetHeader } from 'mysql2/promise';
import { type CpuCosts, costsOfOne, watchCpu } from '../lib/cpu-costs.ts';
import { benchLine, DEVICES } from './bench-lines.ts';
import type { LogInstallation } from './log-installation.ts';

/** As many rows as a writer stores together at the most. */
const ROWS_A_STATEMENT = 5_000;
const CONNECTIONS = 4;
/** As the writers send them. */
const CHUNK_BYTES = 256 * 1024;
const ID_LENGTH = 36;
const TIME_LENGTH = 23;
const SQL =
  `LOAD DATA LOCAL INFILE 'rows' INTO TABLE logs CHARACTER SET utf8mb4 ` +
  `FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' ` +
  '(id, created_at, device_id, log_level, message, log_data, trace_id, span_id)';

/**
 * Rows as text for LOAD DATA, made once: of each only the id and the time are written anew, which costs next to nothing.
 */
class RowTexts {
  private readonly template: Buffer;
  private readonly offsets: number[] = [];
  private serial = 0;

  constructor(devices: number) {
    const blank = `${' '.repeat(ID_LENGTH)}\t${' '.repeat(TIME_LENGTH)}`;
    const parts: Buffer[] = [];
    let length = 0;
    for (let number = 0; number < ROWS_A_STATEMENT; number++) {
      const { device_id, log_level, message, log_data } = benchLine(number, devices);
      const text = `${blank}\t${device_id}\t${log_level}\t${message}\t${JSON.stringify(log_data)}\t\\N\t\\N\n`;
      this.offsets.push(length);
      length += text.length;
      parts.push(Buffer.from(text));
    }
    this.template = Buffer.concat(parts);
  }

  /** The next rows. @param timeOf the time of the row at an index, not before that of an earlier one */
  next(timeOf: (index: number) => number): Buffer {
    const text = Buffer.from(this.template);
    let ms = Number.NaN;
    let prefix = '';
    let time = '';
    this.offsets.forEach((offset, index) => {
      const now = timeOf(index);
      if (now !== ms) {
        ms = now;
        const hex = ms.toString(16).padStart(12, '0');
        prefix = `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8`;
        time = new Date(ms).toISOString().slice(0, TIME_LENGTH).replace('T', ' ');
      }
      const serial = (this.serial++).toString(16).padStart(15, '0');
      text.write(`${prefix}${serial.slice(0, 3)}-${serial.slice(3)}\t${time}`, offset, 'latin1');
    });
    return text;
  }
}

/** Inserts into the table of the logs without anything of ours in between. */
export interface RawInserter {
  /** Inserts rows on all connections. @param next the next rows, undefined when there are enough */
  insert(next: () => Buffer | undefined): Promise<number>;
  close(): Promise<void>;
}

async function openRawInserter(databaseUrl: string): Promise<RawInserter> {
  const connections = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => createConnection({ uri: databaseUrl, timezone: 'Z' })),
  );
  return {
    insert: async (next) => {
      const counts = await Promise.all(connections.map((connection) => insertOn(connection, next)));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    close: async () => {
      await Promise.all(connections.map((connection) => connection.end()));
    },
  };
}

async function insertOn(connection: Connection, next: () => Buffer | undefined): Promise<number> {
  let inserted = 0;
  for (let rows = next(); rows; rows = next()) {
    const text = rows;
    const [result] = await connection.query<ResultSetHeader>({
      sql: SQL,
      infileStreamFactory: () => Readable.from(chunksOf(text)),
    });
    inserted += result.affectedRows;
  }
  return inserted;
}

function* chunksOf(text: Buffer): Generator<Buffer> {
  for (let start = 0; start < text.length; start += CHUNK_BYTES) {
    yield text.subarray(start, start + CHUNK_BYTES);
  }
}

/** What the database takes if nothing else is done. */
export interface RawMeasurement {
  rowsPerSecond: number;
  costs: CpuCosts;
}

/** Inserts rows of now for a while, in transactions as large as a writer's. */
export async function measureRaw(
  { databaseUrl, servers }: LogInstallation,
  seconds: number,
): Promise<RawMeasurement> {
  const inserter = await openRawInserter(databaseUrl);
  const texts = new RowTexts(DEVICES);
  const startedAt = performance.now();
  const cpu = watchCpu(servers, { client: [process.pid] });
  const rows = await inserter.insert(() => {
    if (performance.now() - startedAt > seconds * 1000) return undefined;
    const now = Date.now();
    return texts.next(() => now);
  });
  const tookSeconds = (performance.now() - startedAt) / 1000;
  const costs = costsOfOne(cpu(), rows);
  await inserter.close();
  return { rowsPerSecond: rows / tookSeconds, costs };
}

/** Fills the table with rows of the last day, in the order of their time. @returns how many, in whole statements */
export async function fillTable(
  { databaseUrl }: LogInstallation,
  rows: number,
  devices: number,
  spreadMs: number,
): Promise<number> {
  const inserter = await openRawInserter(databaseUrl);
  const texts = new RowTexts(devices);
  const from = Date.now() - spreadMs;
  let made = 0;
  const inserted = await inserter.insert(() => {
    if (made >= rows) return undefined;
    const first = made;
    made += ROWS_A_STATEMENT;
    return texts.next((index) => Math.floor(from + ((first + index) / rows) * spreadMs));
  });
  await inserter.close();
  return inserted;
}
