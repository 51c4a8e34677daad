import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import type { Principal, Scope } from '../../../platform/http/index.js';
import { Clock } from '../../../shared/clock.js';
import { authConfig } from '../auth.config.js';
import { consoleSessionEnded } from '../auth.errors.js';
import { AuthenticationService } from '../authentication.service.js';
import { roleScopes } from '../domain/roles.js';
import { tokenHash } from '../domain/secrets.js';
import { SessionService } from '../session.service.js';
import { newConsoleSecret } from './console-cookie.js';
import { ConsoleSessionRepository } from './console-session.repository.js';

const HOUR_MS = 60 * 60 * 1000;

/** A session as the console is told of it, with what its cookie holds. */
export interface ConsoleSession {
  secret: string;
  userId: string;
  email: string;
  role: string;
  scopes: readonly Scope[];
  expiresAt: Date;
}

/** Sessions that a browser proves with a cookie. They end as all sessions do, and are not made longer by use. */
@Injectable()
export class ConsoleSessions {
  constructor(
    private readonly sessions: SessionService,
    private readonly authentication: AuthenticationService,
    private readonly repository: ConsoleSessionRepository,
    private readonly clock: Clock,
    @Inject(authConfig.token) private readonly config: ConfigOf<typeof authConfig>,
  ) {}

  /**
   * Opens a session for whoever knows the password. Its secret is new, whatever the browser had before; the session
   * behind what it had, `formerSecret`, is ended.
   * @throws as `SessionService.signIn`
   */
  async signIn(
    credentials: { email: string; password: string },
    address: string,
    formerSecret: string | undefined,
  ): Promise<ConsoleSession> {
    const secret = newConsoleSecret();
    const expiresAt = new Date(this.clock.nowMs() + this.config.consoleSessionHours * HOUR_MS);
    const user = await this.sessions.openFor(
      credentials,
      address,
      async (transaction, sessionId, { id, email, role }) => {
        await this.repository.insert(transaction, { cookieHash: tokenHash(secret), sessionId, expiresAt });
        return { id, email, role };
      },
    );
    if (formerSecret !== undefined) await this.endFormer(formerSecret);
    const { id, email, role } = user;
    return { secret, userId: id, email, role, scopes: roleScopes[role], expiresAt };
  }

  /** The session that a caller has proved with a cookie. */
  async describe(secret: string): Promise<ConsoleSession> {
    const { principal, expiresAt } = await this.authentication.authenticateConsole(secret);
    const { userId, email, role, scopes } = principal;
    return { secret, userId, email, role, scopes: [...scopes], expiresAt };
  }

  /** Ends the caller's session, in all processes at once. */
  signOut(principal: Principal): Promise<void> {
    return this.sessions.signOut(principal);
  }

  private async endFormer(secret: string): Promise<void> {
    try {
      const { principal } = await this.authentication.authenticateConsole(secret);
      await this.sessions.signOut(principal);
    } catch (error) {
      if (!consoleSessionEnded.is(error)) throw error;
    }
  }
}
