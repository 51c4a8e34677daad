import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import type { Principal } from '../../platform/http/index.js';
import { Clock } from '../../shared/clock.js';
import { newId } from '../../shared/ids.js';
import { AccessTokens } from './access-tokens.js';
import { accountMark, AuditLog } from './audit-log.js';
import { authConfig } from './auth.config.js';
import {
  credentialsInvalid,
  currentPasswordWrong,
  refreshTokenInvalid,
  refreshTokenReused,
  tooManyAttempts,
} from './auth.errors.js';
import type { Role } from './domain/roles.js';
import { newRefreshToken, tokenHash } from './domain/secrets.js';
import type { UserEntity } from './entities/user.entity.js';
import { PasswordHasher } from './password-hasher.js';
import { type SessionSelection, SessionRepository } from './session.repository.js';
import { SignInLimiter } from './sign-in-limiter.js';
import { TokenBlacklist } from './token-blacklist.js';
import { UserRepository } from './user.repository.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** What a client holds of a session. */
export interface SessionTokens {
  userId: string;
  email: string;
  role: Role;
  accessToken: string;
  accessExpiresAt: Date;
  refreshToken: string;
  refreshExpiresAt: Date;
}

/** Makes what a new session is proved with. */
type IssueCredential<T> = (
  transaction: Transaction,
  sessionId: string,
  user: Pick<UserEntity, 'id' | 'email' | 'role'>,
) => Promise<T>;

type Rotation =
  | SessionTokens
  | { failure: 'invalid' }
  | { failure: 'reused'; sessionId: string; userId: string };

/** Sessions: from a sign-in, over any number of refreshes, to their end. */
@Injectable()
export class SessionService {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: UserRepository,
    private readonly sessions: SessionRepository,
    private readonly passwords: PasswordHasher,
    private readonly limiter: SignInLimiter,
    private readonly accessTokens: AccessTokens,
    private readonly blacklist: TokenBlacklist,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
    @Inject(authConfig.token) private readonly config: ConfigOf<typeof authConfig>,
  ) {}

  /**
   * Opens a session for whoever knows the password.
   * @throws credentials_invalid, the same for an unknown address, a wrong password and a disabled user;
   *   too_many_attempts; service_unavailable if too many passwords are being checked.
   */
  signIn(email: string, password: string, address: string): Promise<SessionTokens> {
    return this.openFor({ email, password }, address, (transaction, sessionId, user) =>
      this.issueTokens(transaction, sessionId, user),
    );
  }

  /**
   * Opens a session for whoever knows the password. What the client is to prove it with, `issue` makes and writes down
   * in the same transaction.
   * @throws as `signIn`
   */
  async openFor<T extends object>(
    { email, password }: { email: string; password: string },
    address: string,
    issue: IssueCredential<T>,
  ): Promise<T> {
    const user = await this.users.findByEmail(email);
    const isRight = await this.checkPassword(user, email, password, address);
    const issued = user && isRight ? await this.openSession(user, issue) : undefined;
    const event = issued ? 'sign_in_succeeded' : 'sign_in_failed';
    this.audit.write(event, { user_id: user?.id, account: accountMark(email), remote_address: address });
    if (!issued) throw credentialsInvalid();
    return issued;
  }

  /**
   * Gives new tokens for a refresh token, which is good for one use. A second use means that somebody has a
   * copy, and ends the session: strictly so, even if it was the client itself that asked twice.
   * @throws refresh_token_invalid, refresh_token_reused
   */
  async refresh(refreshToken: string, address: string): Promise<SessionTokens> {
    const hash = tokenHash(refreshToken);
    const outcome = await this.transactions.run((transaction) => this.rotate(transaction, hash));
    if (!('failure' in outcome)) return outcome;
    if (outcome.failure === 'invalid') throw refreshTokenInvalid();
    const { sessionId, userId } = outcome;
    await this.revoke({ sessionId });
    this.audit.write('refresh_token_reused', {
      user_id: userId,
      session_id: sessionId,
      remote_address: address,
    });
    throw refreshTokenReused();
  }

  /** Ends the caller's session: its access tokens are refused from now on, its refresh token too. */
  async signOut(principal: Principal): Promise<void> {
    await this.revoke({ sessionId: principal.credentialId });
    this.audit.write('signed_out', { user_id: principal.userId, session_id: principal.credentialId });
  }

  /**
   * Changes the caller's password and ends all sessions of the user, the caller's among them. API keys are
   * not derived from the password and stay good; they are revoked one by one.
   * @throws current_password_wrong, too_many_attempts, service_unavailable
   */
  async changePassword(
    principal: Principal,
    currentPassword: string,
    newPassword: string,
    address: string,
  ): Promise<void> {
    const user = await this.users.findById(principal.userId);
    const fields = { user_id: principal.userId, remote_address: address };
    if (!user || !(await this.checkPassword(user, user.email, currentPassword, address))) {
      this.audit.write('password_change_failed', fields);
      throw currentPasswordWrong();
    }
    const passwordHash = await this.passwords.hash(newPassword);
    const revoked = await this.transactions.run(async (transaction) => {
      const current = await this.users.lockById(transaction, user.id);
      // Somebody else changed it between our look and now.
      if (current?.passwordHash !== user.passwordHash) throw currentPasswordWrong();
      await this.users.update(transaction, user.id, { passwordHash });
      return this.sessions.revoke(transaction, { userId: user.id }, this.now());
    });
    await this.blacklist.add(revoked);
    this.audit.write('password_changed', fields);
  }

  /**
   * Lets only those pass who know the caller's password, for what cannot be undone.
   * @throws current_password_wrong, too_many_attempts, service_unavailable
   */
  async confirmPassword(principal: Principal, password: string, address: string): Promise<void> {
    const user = await this.users.findById(principal.userId);
    if (user && (await this.checkPassword(user, user.email, password, address))) return;
    this.audit.write('password_confirmation_failed', {
      user_id: principal.userId,
      remote_address: address,
    });
    throw currentPasswordWrong({ param: 'password' });
  }

  private async checkPassword(
    user: UserEntity | null,
    email: string,
    password: string,
    address: string,
  ): Promise<boolean> {
    const attempt = await this.limiter.begin(email, address).catch((error: unknown) => {
      if (tooManyAttempts.is(error)) {
        this.audit.write('sign_in_limited', { account: accountMark(email), remote_address: address });
      }
      throw error;
    });
    try {
      const isRight = await this.passwords.verify(user?.passwordHash, password);
      if (isRight) await this.limiter.succeeded(attempt);
      return isRight;
    } catch (error) {
      await this.limiter.cancel(attempt);
      throw error;
    }
  }

  /** @returns undefined if the user was disabled, or the password changed, since it was checked. */
  private openSession<T>(user: UserEntity, issue: IssueCredential<T>): Promise<T | undefined> {
    return this.transactions.run(async (transaction) => {
      const current = await this.users.lockById(transaction, user.id);
      if (!current || current.isDisabled || current.passwordHash !== user.passwordHash) return undefined;
      const sessionId = newId();
      await this.sessions.insertSession(transaction, {
        id: sessionId,
        userId: user.id,
        createdAt: this.now(),
        revokedAt: null,
      });
      return issue(transaction, sessionId, current);
    });
  }

  private async rotate(transaction: Transaction, hash: string): Promise<Rotation> {
    const isFirstUse = await this.sessions.useRefreshToken(transaction, hash, this.now());
    const found = await this.sessions.findRefreshToken(transaction, hash);
    if (!found?.isSessionAlive) return { failure: 'invalid' };
    const { sessionId, userId, email, role } = found;
    if (isFirstUse) return this.issueTokens(transaction, sessionId, { id: userId, email, role });
    return found.isUsed ? { failure: 'reused', sessionId, userId } : { failure: 'invalid' };
  }

  private async issueTokens(
    transaction: Transaction,
    sessionId: string,
    user: Pick<UserEntity, 'id' | 'email' | 'role'>,
  ): Promise<SessionTokens> {
    const access = this.accessTokens.issue(user.id, sessionId, user.role);
    const refreshToken = newRefreshToken();
    const now = this.now();
    const refreshExpiresAt = new Date(now.getTime() + this.config.refreshTokenTtlDays * DAY_MS);
    await this.sessions.insertRefreshToken(transaction, {
      tokenHash: tokenHash(refreshToken),
      sessionId,
      accessTokenHash: access.hash,
      accessExpiresAt: access.expiresAt,
      createdAt: now,
      expiresAt: refreshExpiresAt,
      usedAt: null,
    });
    return {
      userId: user.id,
      email: user.email,
      role: user.role,
      accessToken: access.token,
      accessExpiresAt: access.expiresAt,
      refreshToken,
      refreshExpiresAt,
    };
  }

  private async revoke(selection: SessionSelection): Promise<void> {
    const revoked = await this.transactions.run((transaction) =>
      this.sessions.revoke(transaction, selection, this.now()),
    );
    await this.blacklist.add(revoked);
  }

  private now(): Date {
    return new Date(this.clock.nowMs());
  }
}
