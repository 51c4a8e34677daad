import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ApiKeyController } from './api-key.controller.js';
import { AuthController } from './auth.controller.js';
import { AuthGuard } from './auth.guard.js';
import { AuthModule } from './auth.module.js';
import { ConsoleSessionController } from './console/console-session.controller.js';
import { UserController } from './user.controller.js';

/** The routes of auth, and the guard in front of every route of the API. */
@Module({
  imports: [AuthModule],
  controllers: [AuthController, ApiKeyController, ConsoleSessionController, UserController],
  providers: [{ provide: APP_GUARD, useClass: AuthGuard }],
})
export class AuthHttpModule {}
