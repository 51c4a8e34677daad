import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ApiKeyController } from './api-key.controller.js';
import { AuthController } from './auth.controller.js';
import { AuthGuard } from './auth.guard.js';
import { CallerAdmission } from '../../platform/http/index.js';
import { AuthModule } from './auth.module.js';
import { CallerCheck } from './caller-check.js';
import { ConsoleSessionController } from './console/console-session.controller.js';
import { UserSearchController } from './user-search.controller.js';
import { UserController } from './user.controller.js';

/** The routes of auth, and the guard in front of every route of the API. */
@Module({
  imports: [AuthModule],
  controllers: [
    AuthController,
    ApiKeyController,
    ConsoleSessionController,
    UserController,
    UserSearchController,
  ],
  providers: [
    { provide: APP_GUARD, useClass: AuthGuard },
    { provide: CallerAdmission, useExisting: CallerCheck },
  ],
})
export class AuthHttpModule {}
