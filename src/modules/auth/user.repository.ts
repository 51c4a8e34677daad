import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import type { Role } from './domain/roles.js';
import { UserEntity } from './entities/user.entity.js';

const FIRST_ADMINISTRATOR_LOCK = 'lockkeeper.first-administrator.';
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

  async hasActiveAdministrator(): Promise<boolean> {
    return this.transactions.single.existsBy(UserEntity, { role: 'admin' satisfies Role, isDisabled: false });
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
   * Runs `body` while no other process of this installation does. The lock belongs to the connection of an
   * outer transaction, so that what `body` commits is visible before the next may begin.
   */
  async withFirstAdministratorLock<T>(body: () => Promise<T>): Promise<T> {
    return this.transactions.run(async (holder) => {
      const lockName = [FIRST_ADMINISTRATOR_LOCK];
      const rows = await holder.query<[{ is_mine: string | number | null }]>(
        'SELECT GET_LOCK(CONCAT(?, MD5(DATABASE())), ?) AS is_mine',
        [...lockName, LOCK_WAIT_SECONDS],
      );
      if (Number(rows[0].is_mine) !== 1) {
        throw new Error(`Another process has been making an administrator for over ${LOCK_WAIT_SECONDS} s.`);
      }
      try {
        return await body();
      } finally {
        await holder.query('SELECT RELEASE_LOCK(CONCAT(?, MD5(DATABASE())))', lockName);
      }
    });
  }
}
