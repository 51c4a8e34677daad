import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/index.js';
import { AccessTokens } from './access-tokens.js';
import { AdministratorService } from './administrator.service.js';
import { AnonymousScopes } from './anonymous-scopes.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { ApiKeyService } from './api-key.service.js';
import { ApiKeyUsage } from './api-key-usage.js';
import { AuditLog } from './audit-log.js';
import { AuthenticationService } from './authentication.service.js';
import { CallerCheck } from './caller-check.js';
import { ConsoleSessionRepository } from './console/console-session.repository.js';
import { ConsoleSessions } from './console/console-session.service.js';
import { CredentialRepository } from './credential.repository.js';
import { ApiKeyEntity } from './entities/api-key.entity.js';
import { RefreshTokenEntity } from './entities/refresh-token.entity.js';
import { SessionEntity } from './entities/session.entity.js';
import { UserEntity } from './entities/user.entity.js';
import { PasswordHasher } from './password-hasher.js';
import { SessionRepository } from './session.repository.js';
import { SessionService } from './session.service.js';
import { SignInLimiter } from './sign-in-limiter.js';
import { SocketAuthenticator } from './socket-authenticator.js';
import { TokenBlacklist } from './token-blacklist.js';
import { UserErasureRepository } from './user-erasure.repository.js';
import { UserErasure } from './user-erasure.service.js';
import { UserRepository } from './user.repository.js';
import { UserService } from './user.service.js';

/** Users, their sessions and their API keys. */
@Module({
  imports: [
    AuditModule,
    JwtModule.register({}),
    TypeOrmModule.forFeature([UserEntity, SessionEntity, RefreshTokenEntity, ApiKeyEntity]),
  ],
  providers: [
    AccessTokens,
    AdministratorService,
    AnonymousScopes,
    ApiKeyRepository,
    ApiKeyService,
    ApiKeyUsage,
    AuditLog,
    AuthenticationService,
    CallerCheck,
    ConsoleSessionRepository,
    ConsoleSessions,
    CredentialRepository,
    PasswordHasher,
    SessionRepository,
    SessionService,
    SignInLimiter,
    SocketAuthenticator,
    TokenBlacklist,
    UserErasure,
    UserErasureRepository,
    UserRepository,
    UserService,
  ],
  exports: [
    AdministratorService,
    AnonymousScopes,
    ApiKeyService,
    AuthenticationService,
    CallerCheck,
    ConsoleSessions,
    SessionService,
    SocketAuthenticator,
    UserErasure,
    UserService,
  ],
})
export class AuthModule {}
