import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { isDuplicateKey, type Transaction, Transactions } from '../../platform/database/index.js';
import { Clock } from '../../shared/clock.js';
import { newId } from '../../shared/ids.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { type AuditEvent, AuditLog as OperatorAudit } from '../audit/index.js';
import { AuditLog } from './audit-log.js';
import { authConfig } from './auth.config.js';
import { emailTaken, lastAdministrator, signUpClosed, userNotFound } from './auth.errors.js';
import type { Role } from './domain/roles.js';
import type { UserEntity } from './entities/user.entity.js';
import { PasswordHasher } from './password-hasher.js';
import { type RevokedToken, SessionRepository } from './session.repository.js';
import { SignInLimiter } from './sign-in-limiter.js';
import { TokenBlacklist } from './token-blacklist.js';
import { UserRepository } from './user.repository.js';

/** A user, without what only we may know. */
export type User = Omit<UserEntity, 'passwordHash'>;

/** What an account is made of. */
export interface NewUser {
  email: string;
  password: string;
  role: Role;
}

/** What an administrator may change. */
export interface UserChange {
  role?: Role | undefined;
  isDisabled?: boolean | undefined;
}

/** The accounts of people and programs. */
@Injectable()
export class UserService {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: UserRepository,
    private readonly sessions: SessionRepository,
    private readonly keys: ApiKeyRepository,
    private readonly passwords: PasswordHasher,
    private readonly limiter: SignInLimiter,
    private readonly blacklist: TokenBlacklist,
    private readonly audit: AuditLog,
    private readonly operatorAudit: OperatorAudit,
    private readonly clock: Clock,
    @Inject(authConfig.token) private readonly config: ConfigOf<typeof authConfig>,
  ) {}

  /**
   * Makes an account of role `user` for a stranger, if that is allowed here.
   * @throws sign_up_closed, email_taken, too_many_attempts, service_unavailable
   */
  async signUp(email: string, password: string, address: string): Promise<User> {
    if (!this.config.isSignUpOpen) throw signUpClosed();
    await this.limiter.countSignUp(address);
    const user = await this.add({ email, password, role: 'user' });
    this.audit.write('signed_up', { user_id: user.id, remote_address: address });
    return user;
  }

  /**
   * Makes an account for somebody. `actorId` is who does it.
   * @throws email_taken, service_unavailable
   */
  async createUser(newUser: NewUser, actorId?: string): Promise<User> {
    const user = await this.add(newUser, actorId);
    this.audit.write('user_created', { user_id: user.id, role: user.role, actor_id: actorId });
    return user;
  }

  /** Users from the newest on; `cursor` is the id of the last one seen. */
  listUsers(limit: number, cursor: string | undefined): Promise<User[]> {
    return this.users.list(limit, cursor);
  }

  /** Users whose address begins so, whatever its case, by address; `afterEmail` is that of the last one seen. */
  searchUsers(beginning: string, limit: number, afterEmail: string | undefined): Promise<User[]> {
    return this.users.listByEmail(beginning, limit, afterEmail);
  }

  /** The user with this id, unless there is none or he has been erased. */
  async lookUpUser(id: string): Promise<User | undefined> {
    const user = await this.users.findById(id);
    return user && !user.erasedAt ? user : undefined;
  }

  /** @throws user_not_found */
  async findUser(id: string): Promise<User> {
    const user = await this.users.findById(id);
    if (!user) throw userNotFound();
    return user;
  }

  /**
   * Changes a role, or disables or enables a user. A disabled user's sessions are over for good; the API keys
   * sleep until the user is enabled again. A changed role ends the user's sessions of the console at once, and counts for
   * tokens and keys in all processes when their principal cache has expired.
   * @throws user_not_found, last_administrator
   */
  async changeUser(id: string, change: UserChange, actorId: string): Promise<User> {
    const now = new Date(this.clock.nowMs());
    const { user, ended } = await this.transactions.run(async (transaction) => {
      await this.refuseLosingLastAdministrator(transaction, id, change);
      const current = await this.users.lockById(transaction, id);
      if (!current || current.erasedAt) throw userNotFound();
      const wanted = {
        role: change.role ?? current.role,
        isDisabled: change.isDisabled ?? current.isDisabled,
      };
      await this.users.update(transaction, id, wanted);
      await this.note(transaction, actorId, 'user.changed', { id, ...wanted });
      const ended = await this.endCredentials(transaction, current, wanted, now);
      return { user: Object.assign(current, wanted), ended };
    });
    await this.blacklist.add(ended.tokens);
    await this.blacklist.addApiKeys(ended.keyHashes);
    const { role, isDisabled } = user;
    this.audit.write('user_changed', { user_id: id, role, is_disabled: isDisabled, actor_id: actorId });
    return user;
  }

  private async add({ email, password, role }: NewUser, actorId?: string): Promise<User> {
    const user = await this.prepareUser({ email, password, role });
    try {
      await this.transactions.run(async (transaction) => {
        await this.users.insert(transaction, user);
        if (actorId !== undefined) await this.note(transaction, actorId, 'user.created', user);
      });
    } catch (error) {
      if (isDuplicateKey(error)) throw emailTaken({ param: 'email' });
      throw error;
    }
    return user;
  }

  private note(
    transaction: Transaction,
    actorId: string,
    action: AuditEvent['action'],
    { id, role, isDisabled }: Pick<User, 'id' | 'role' | 'isDisabled'>,
  ): Promise<void> {
    const actor = { kind: 'operator', id: actorId } as const;
    const detail = { role, is_disabled: isDisabled };
    return this.operatorAudit.record(
      { actor, action, subjectKind: 'user', subjectId: id, detail },
      transaction,
    );
  }

  /** The row of a new user; hashing the password is slow and belongs outside of a transaction. */
  async prepareUser({ email, password, role }: NewUser): Promise<UserEntity> {
    return {
      id: newId(),
      email: email.toLowerCase(),
      passwordHash: await this.passwords.hash(password),
      role,
      isDisabled: false,
      createdAt: new Date(this.clock.nowMs()),
      erasedAt: null,
    };
  }

  private async refuseLosingLastAdministrator(
    transaction: Transaction,
    id: string,
    change: UserChange,
  ): Promise<void> {
    const isDemotion = change.role !== undefined && change.role !== 'admin';
    if (!isDemotion && change.isDisabled !== true) return;
    // Two administrators who demote each other at once: the second waits here and then finds itself the last.
    const administrators = await this.users.lockActiveAdministrators(transaction);
    if (administrators.length === 1 && administrators[0]?.id === id) throw lastAdministrator();
  }

  /** What a user can do no longer: all if disabled; with another role, whoever is at the console signs in anew. */
  private async endCredentials(
    transaction: Transaction,
    { id, role }: Pick<User, 'id' | 'role'>,
    wanted: Pick<User, 'role' | 'isDisabled'>,
    now: Date,
  ): Promise<{ tokens: RevokedToken[]; keyHashes: string[] }> {
    if (!wanted.isDisabled && wanted.role === role) return { tokens: [], keyHashes: [] };
    const isConsoleOnly = !wanted.isDisabled;
    return {
      tokens: await this.sessions.revoke(transaction, { userId: id, isConsoleOnly }, now),
      keyHashes: isConsoleOnly ? [] : await this.keys.liveHashes(transaction, id, now),
    };
  }
}
