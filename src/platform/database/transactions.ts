import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { isLockConflict } from './database-errors.js';

/** For each new connection, once, rather than before each transaction. */
export const READ_COMMITTED = 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED';

const MAX_ATTEMPTS = 8;
const FIRST_BACKOFF_MS = 5;
const MAX_BACKOFF_MS = 250;

/** The part of the database that a transaction's body may use. */
export type Transaction = EntityManager;

/** Runs short transactions. Nothing inside one may call another service, wait for a client or sleep. */
@Injectable()
export class Transactions {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs `body` in one READ COMMITTED transaction and commits it. A lock conflict rolls everything back and
   * runs `body` again, up to eight times with a jittered back-off; so `body` must have no effect outside the
   * transaction.
   * @throws what `body` throws, or the last conflict.
   */
  run<T>(body: (transaction: Transaction) => Promise<T>): Promise<T> {
    return retryLockConflicts(() => this.dataSource.transaction(body));
  }

  /** The connection pool, for single statements that need no transaction. */
  get single(): EntityManager {
    return this.dataSource.manager;
  }
}

/** Runs a whole transaction again after a lock conflict, up to eight times with a jittered back-off. */
export async function retryLockConflicts<T>(transact: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transact();
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || !isLockConflict(error)) throw error;
      const ceiling = Math.min(FIRST_BACKOFF_MS * 2 ** attempt, MAX_BACKOFF_MS);
      await delay(ceiling * (0.5 + Math.random() / 2));
    }
  }
}
