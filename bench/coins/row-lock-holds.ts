import { setTimeout as delay } from 'node:timers/promises';
import { createPool, type PoolConnection, type RowDataPacket } from 'mysql2/promise';
import { importBuilt } from '../lib/built-services.ts';
import { HOLD_LEASE_MS, HOLD_MICRO_COINS, HOLD_PURPOSE, type HoldWriter, newHoldId } from './hold-writer.ts';

/** How the account's row is locked, and what is done when another has it. */
export interface RowLock {
  clause: 'FOR UPDATE' | 'FOR UPDATE SKIP LOCKED';
  connections: number;
  /** How long to wait before each further try, in milliseconds. */
  backoffMs: readonly number[];
}

const INSERT_HOLD = `
  INSERT INTO coin_holds
    (id, account_id, amount, status, purpose, reference, opened_sequence, expires_at, created_at)
  VALUES (?, ?, ?, 'open', ?, ?, ?, ?, ?)`;
const INSERT_ENTRY = `
  INSERT INTO coin_journal
    (account_id, sequence, kind, balance_delta, frozen_delta, debt_delta, balance_after, frozen_after, debt_after,
     hold_id, reference, actor, reason, created_at, hash)
  VALUES (?, ?, 'hold', 0, ?, 0, ?, ?, ?, ?, ?, 'system', ?, ?, ?)`;
const UPDATE_ACCOUNT = `
  UPDATE coin_accounts SET frozen = ?, journal_sequence = ?, journal_hash = ?, updated_at = ? WHERE id = ?`;

/**
 * One transaction for each hold, on prepared statements and past any layer: lock the account's row, decide, write
 * the same rows that the product writes.
 */
export async function openRowLockHolds(
  databaseUrl: string,
  { clause, connections, backoffMs }: RowLock,
): Promise<HoldWriter> {
  const { hashEntry } = await importBuilt<typeof import('../../src/modules/coin-account/domain/journal.ts')>(
    'modules/coin-account/domain/journal.js',
  );
  const pool = createPool({
    uri: databaseUrl,
    connectionLimit: connections,
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: true,
  });
  pool.pool.on('connection', (connection) => {
    connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
  });
  const selectAccount = `
    SELECT UTC_TIMESTAMP(3) AS now, balance, frozen, debt, is_blocked, journal_sequence, journal_hash
    FROM coin_accounts WHERE id = ? ${clause}`;

  /** @returns false if another has the row. */
  const tryToHold = async (connection: PoolConnection, accountId: string, id: string): Promise<boolean> => {
    await connection.query('BEGIN');
    const [[account]] = await connection.execute<RowDataPacket[]>(selectAccount, [accountId]);
    if (!account) {
      await connection.query('ROLLBACK');
      return false;
    }
    const balance = BigInt(account['balance'] as string);
    const debt = BigInt(account['debt'] as string);
    const frozen = BigInt(account['frozen'] as string) + HOLD_MICRO_COINS;
    if (frozen > balance || debt > 0n || account['is_blocked']) throw new Error('The account may not hold.');
    const sequence = Number(account['journal_sequence']) + 1;
    const now = account['now'] as Date;
    const hash = hashEntry(account['journal_hash'] as Buffer, {
      accountId,
      sequence,
      kind: 'hold',
      balanceDelta: 0n,
      frozenDelta: HOLD_MICRO_COINS,
      debtDelta: 0n,
      balanceAfter: balance,
      frozenAfter: frozen,
      debtAfter: debt,
      holdId: id,
      reference: id,
      actor: 'system',
      reason: HOLD_PURPOSE,
      note: null,
      idempotencyKey: null,
      createdAt: now,
    });
    const amount = String(HOLD_MICRO_COINS);
    const expiresAt = new Date(now.getTime() + HOLD_LEASE_MS);
    await connection.execute(UPDATE_ACCOUNT, [String(frozen), sequence, hash, now, accountId]);
    await connection.execute(INSERT_HOLD, [
      id,
      accountId,
      amount,
      HOLD_PURPOSE,
      id,
      sequence,
      expiresAt,
      now,
    ]);
    const after = [String(balance), String(frozen), String(debt)];
    const entry = [accountId, sequence, amount, ...after, id, id, HOLD_PURPOSE, now, hash];
    await connection.execute(INSERT_ENTRY, entry);
    await connection.query('COMMIT');
    return true;
  };

  const tryOnce = async (accountId: string, id: string): Promise<boolean> => {
    const connection = await pool.getConnection();
    try {
      return await tryToHold(connection, accountId, id);
    } catch (error) {
      await connection.query('ROLLBACK');
      throw error;
    } finally {
      connection.release();
    }
  };

  return {
    hold: async (accountId) => {
      const id = newHoldId();
      if (await tryOnce(accountId, id)) return;
      for (const waitMs of backoffMs) {
        await delay(waitMs);
        if (await tryOnce(accountId, id)) return;
      }
      throw new Error('The account was locked at every try.');
    },
    close: () => pool.end(),
  };
}
