import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { AppError, serviceUnavailable } from '../../platform/errors/index.js';
import type { Principal } from '../../platform/http/index.js';
import { answerWithin, RedisBreaker } from '../../platform/redis/index.js';
import { Clock } from '../../shared/clock.js';
import { AccessTokens } from './access-tokens.js';
import { ApiKeyUsage } from './api-key-usage.js';
import { authConfig } from './auth.config.js';
import { apiKeyExpired, apiKeyInvalid, consoleSessionEnded, tokenRevoked } from './auth.errors.js';
import { ConsoleSessionRepository } from './console/console-session.repository.js';
import { CredentialRepository } from './credential.repository.js';
import { effectiveKeyScopes, roleScopes } from './domain/roles.js';
import { isApiKey, isWellFormedApiKey, tokenHash } from './domain/secrets.js';
import { TtlCache } from './domain/ttl-cache.js';
import { TokenBlacklist } from './token-blacklist.js';

const MAX_CACHED_PRINCIPALS = 10_000;
const RETRY_AFTER_SECONDS = 2;
const RECALL_PATIENCE_MS = 400;

/** A caller, and until when the credential is good if the database decides that. */
interface CachedPrincipal {
  principal: Principal;
  expiresAtMs?: number | undefined;
  /** Whether it is good for some minutes while MySQL is away. */
  isKept: boolean;
  /** When the database said so. */
  confirmedAtMs: number;
}

/** Who is behind a session of the console, and until when it lasts. */
export interface ConsoleCaller {
  principal: Principal;
  expiresAt: Date;
}

/** What the database says of a credential. */
type LoadedPrincipal = Omit<CachedPrincipal, 'confirmedAtMs'>;

/**
 * Tells who is behind a bearer token or the console's cookie. Redis is asked on every request whether it was revoked; who it belongs
 * to is remembered for some seconds. Without Redis, MySQL is asked every time. Without MySQL, an API key or a session of
 * the console that it knew a while ago is still good, as long as Redis can say that it was not revoked: so devices go on
 * sending logs, and operators see what is wrong.
 */
@Injectable()
export class AuthenticationService {
  private readonly logger = new Logger('Authentication');
  private readonly cache: TtlCache<string, CachedPrincipal>;
  private readonly lookups = new Map<string, Promise<CachedPrincipal>>();

  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly blacklist: TokenBlacklist,
    private readonly credentials: CredentialRepository,
    private readonly consoleSessions: ConsoleSessionRepository,
    private readonly usage: ApiKeyUsage,
    private readonly clock: Clock,
    breaker: RedisBreaker,
    @Inject(authConfig.token) private readonly config: ConfigOf<typeof authConfig>,
  ) {
    this.cache = new TtlCache(config.principalCacheMs, MAX_CACHED_PRINCIPALS, () => clock.nowMs());
    // What was revoked while Redis was away, Redis was not told.
    breaker.onChange(() => this.cache.clear());
  }

  /**
   * Who a bearer token (an access token or an API key) belongs to.
   * @throws token_invalid, token_expired, token_revoked, api_key_invalid, api_key_expired;
   *   service_unavailable if neither Redis nor MySQL can be asked.
   */
  async authenticate(bearerToken: string): Promise<Principal> {
    return isApiKey(bearerToken)
      ? this.authenticateApiKey(bearerToken)
      : this.authenticateAccessToken(bearerToken);
  }

  /**
   * Who the secret in the console's cookie belongs to.
   * @throws console_session_ended if it is unknown, expired or revoked; service_unavailable if neither Redis nor MySQL
   *   can be asked.
   */
  async authenticateConsole(secret: string): Promise<ConsoleCaller> {
    const hash = tokenHash(secret);
    const { principal, expiresAtMs = 0 } = await this.resolve(
      hash,
      () => consoleSessionEnded(),
      () => this.loadConsole(hash),
    );
    if (expiresAtMs <= this.clock.nowMs()) throw consoleSessionEnded();
    return { principal, expiresAt: new Date(expiresAtMs) };
  }

  private async authenticateAccessToken(token: string): Promise<Principal> {
    const { userId, sessionId } = this.accessTokens.read(token);
    const hash = tokenHash(token);
    const { principal } = await this.resolve(
      hash,
      () => tokenRevoked(),
      () => this.loadSession(sessionId, userId, hash),
    );
    return principal;
  }

  private async authenticateApiKey(key: string): Promise<Principal> {
    if (!isWellFormedApiKey(key)) throw apiKeyInvalid();
    const hash = tokenHash(key);
    const { principal, expiresAtMs } = await this.resolve(
      hash,
      () => apiKeyInvalid(),
      () => this.loadKey(hash),
    );
    if (expiresAtMs !== undefined && expiresAtMs <= this.clock.nowMs()) throw apiKeyExpired();
    this.usage.note(principal.credentialId);
    return principal;
  }

  private async resolve(
    hash: string,
    revokedError: () => AppError,
    load: () => Promise<LoadedPrincipal>,
  ): Promise<CachedPrincipal> {
    let isBlacklisted: boolean;
    try {
      isBlacklisted = await this.blacklist.has(hash);
    } catch {
      // Nobody would tell us of a revocation now, so what we remember is not to be believed.
      return this.ask(load);
    }
    if (isBlacklisted) throw revokedError();
    return this.cache.get(hash) ?? this.loadOnce(hash, load);
  }

  /** Many requests with one token that nobody remembers cause one query. */
  private loadOnce(hash: string, load: () => Promise<LoadedPrincipal>): Promise<CachedPrincipal> {
    const running = this.lookups.get(hash);
    if (running) return running;
    const lookup = this.loadOrRecall(hash, load).finally(() => this.lookups.delete(hash));
    this.lookups.set(hash, lookup);
    return lookup;
  }

  private async loadOrRecall(hash: string, load: () => Promise<LoadedPrincipal>): Promise<CachedPrincipal> {
    try {
      // Whoever can be recalled is not kept waiting for a database that hangs.
      const isKnown = this.recall(hash) !== undefined;
      const loaded = await this.ask(isKnown ? () => answerWithin(RECALL_PATIENCE_MS, load) : load);
      this.cache.set(hash, loaded);
      return loaded;
    } catch (error) {
      const recalled = serviceUnavailable.is(error) ? this.recall(hash) : undefined;
      if (!recalled) {
        this.cache.delete(hash);
        throw error;
      }
      this.cache.set(hash, recalled);
      return recalled;
    }
  }

  /** A key or a console's session as the database knew it, if that is not too long ago. */
  private recall(hash: string): CachedPrincipal | undefined {
    const recalled = this.cache.recall(hash);
    if (!recalled?.isKept) return undefined;
    const ageMs = this.clock.nowMs() - recalled.confirmedAtMs;
    return ageMs >= 0 && ageMs <= this.config.keyMemoryMs ? recalled : undefined;
  }

  private async ask(load: () => Promise<LoadedPrincipal>): Promise<CachedPrincipal> {
    try {
      return { ...(await load()), confirmedAtMs: this.clock.nowMs() };
    } catch (error) {
      if (error instanceof AppError) throw error;
      this.logger.error('The database could not be asked who calls.', error);
      throw serviceUnavailable({
        detail: 'Who is calling cannot be checked at the moment. Try again shortly.',
        retryAfterSeconds: RETRY_AFTER_SECONDS,
        cause: error,
      });
    }
  }

  private async loadSession(sessionId: string, userId: string, hash: string): Promise<LoadedPrincipal> {
    const found = await this.credentials.findSession(sessionId, userId, hash);
    if (!found || found.isRevoked) throw tokenRevoked();
    const { email, role } = found;
    const scopes = new Set(roleScopes[role]);
    return {
      principal: { userId, email, role, scopes, via: 'session', credentialId: sessionId },
      isKept: false,
    };
  }

  private async loadConsole(hash: string): Promise<LoadedPrincipal> {
    const found = await this.consoleSessions.find(hash);
    if (!found || found.isRevoked) throw consoleSessionEnded();
    const { userId, email, role, sessionId, expiresAtMs } = found;
    const scopes = new Set(roleScopes[role]);
    return {
      principal: { userId, email, role, scopes, via: 'session', credentialId: sessionId },
      expiresAtMs,
      isKept: true,
    };
  }

  private async loadKey(hash: string): Promise<LoadedPrincipal> {
    const found = await this.credentials.findKey(hash);
    if (!found || found.isRevoked) throw apiKeyInvalid();
    const { userId, email, role, keyId, expiresAtMs } = found;
    const scopes = effectiveKeyScopes(found.scopes, role);
    return {
      principal: { userId, email, role, scopes, via: 'api_key', credentialId: keyId },
      expiresAtMs,
      isKept: true,
    };
  }
}
