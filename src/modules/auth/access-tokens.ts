import { Inject, Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { z } from 'zod';
import type { ConfigOf } from '../../platform/config/index.js';
import { Clock } from '../../shared/clock.js';
import { newId } from '../../shared/ids.js';
import { authConfig } from './auth.config.js';
import { tokenExpired, tokenInvalid } from './auth.errors.js';
import type { Role } from './domain/roles.js';
import { tokenHash } from './domain/secrets.js';

const claimsSchema = z.object({ sub: z.uuid(), sid: z.uuid() });

/** An access token that was made just now. */
export interface IssuedAccessToken {
  token: string;
  hash: string;
  expiresAt: Date;
}

/** Makes and reads access tokens: JWTs (RFC 7519) signed with HS256. */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly jwt: JwtService,
    @Inject(authConfig.token) private readonly config: ConfigOf<typeof authConfig>,
    private readonly clock: Clock,
  ) {}

  /** The role in it is for the client to see; what the caller may do is asked of the database. */
  issue(userId: string, sessionId: string, role: Role): IssuedAccessToken {
    const issuedAtSeconds = Math.floor(this.clock.nowMs() / 1000);
    const expiresAtSeconds = issuedAtSeconds + this.config.accessTokenTtlSeconds;
    // The jti keeps two tokens of one second apart: they are revoked by their hash.
    const token = this.jwt.sign(
      { sub: userId, sid: sessionId, role, jti: newId(), iat: issuedAtSeconds, exp: expiresAtSeconds },
      { algorithm: 'HS256', secret: this.config.secret },
    );
    return { token, hash: tokenHash(token), expiresAt: new Date(expiresAtSeconds * 1000) };
  }

  /**
   * Whom an access token says it is for, if we signed it and it has not expired.
   * @throws token_expired, token_invalid
   */
  read(token: string): { userId: string; sessionId: string } {
    const claims = claimsSchema.safeParse(this.verify(token));
    if (!claims.success) throw tokenInvalid();
    return { userId: claims.data.sub, sessionId: claims.data.sid };
  }

  private verify(token: string): unknown {
    try {
      return this.jwt.verify<object>(token, {
        algorithms: ['HS256'],
        secret: this.config.secret,
        clockTimestamp: Math.floor(this.clock.nowMs() / 1000),
      });
    } catch (error) {
      if (error instanceof Error && error.name === 'TokenExpiredError') throw tokenExpired({ cause: error });
      throw tokenInvalid({ cause: error });
    }
  }
}
