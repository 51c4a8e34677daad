import { Injectable } from '@nestjs/common';
import { IsNull, LessThan, Like, MoreThan, And } from 'typeorm';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import type { Role } from './domain/roles.js';
import { UserEntity } from './entities/user.entity.js';

/** One for each database, as these locks belong to the server. Their names have at most 64 characters. */
const FIRST_ADMINISTRATOR_LOCK = `CONCAT('lockkeeper.administrator.', MD5(DATABASE()))`;
const LOCK_WAIT_SECONDS = 30;

/** The rows of `users`. */
@Injectable()
export class UserRepository {
  constructor(private readonly transactions: Transactions) {}

  findById(id: string): Promise<UserEntity | null> {
    return this.transactions.single.findOneBy(UserEntity, { id });
  }

  /** Finds a user whatever the case of the address. */
  findByEmail(email: string): Promise<UserEntity | null> {
    return this.transactions.single.findOneBy(UserEntity, { email });
  }

  /** Reads a user and keeps it from changing until the transaction ends. */
  lockById(transaction: Transaction, id: string): Promise<UserEntity | null> {
    return transaction.findOne(UserEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** @throws a duplicate-key error if the address is taken. */
  async insert(transaction: Transaction, user: UserEntity): Promise<void> {
    await transaction.insert(UserEntity, user);
  }

  async update(
    transaction: Transaction,
    id: string,
    change: Partial<Pick<UserEntity, 'passwordHash' | 'role' | 'isDisabled'>>,
  ): Promise<void> {
    await transaction.update(UserEntity, { id }, change);
  }

  /** Users from the newest on, those before `cursor` (an id) if given. */
  list(limit: number, cursor: string | undefined): Promise<UserEntity[]> {
    return this.transactions.single.find(UserEntity, {
      where: cursor === undefined ? {} : { id: LessThan(cursor) },
      order: { id: 'DESC' },
      take: limit,
    });
  }

  /** Users whose address begins so, by address, those after `afterEmail` if given. Erased ones have none. */
  listByEmail(beginning: string, limit: number, afterEmail: string | undefined): Promise<UserEntity[]> {
    const begins = Like(`${beginning.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`);
    return this.transactions.single.find(UserEntity, {
      where: {
        email: afterEmail === undefined ? begins : And(begins, MoreThan(afterEmail)),
        erasedAt: IsNull(),
      },
      order: { email: 'ASC' },
      take: limit,
    });
  }

  hasActiveAdministrator(transaction: Transaction = this.transactions.single): Promise<boolean> {
    return transaction.existsBy(UserEntity, { role: 'admin' satisfies Role, isDisabled: false });
  }

  /** The active administrators, none of whom can change until the transaction ends. */
  lockActiveAdministrators(transaction: Transaction): Promise<UserEntity[]> {
    return transaction.find(UserEntity, {
      where: { role: 'admin' satisfies Role, isDisabled: false },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
  }

  /**
   * Runs `body` in a transaction while no other process of this installation does. The lock is let go after
   * the commit, so that the next process sees what this one did.
   */
  async withFirstAdministratorLock<T>(body: (transaction: Transaction) => Promise<T>): Promise<T> {
    const connection = this.transactions.single.connection.createQueryRunner();
    try {
      const rows = (await connection.query(`SELECT GET_LOCK(${FIRST_ADMINISTRATOR_LOCK}, ?) AS is_mine`, [
        LOCK_WAIT_SECONDS,
      ])) as [{ is_mine: string | number | null }];
      if (Number(rows[0].is_mine) !== 1) {
        throw new Error(`Another process has been making an administrator for over ${LOCK_WAIT_SECONDS} s.`);
      }
      return await connection.manager.transaction(body);
    } finally {
      await connection.query(`SELECT RELEASE_LOCK(${FIRST_ADMINISTRATOR_LOCK})`).catch(() => undefined);
      await connection.release();
    }
  }
}
