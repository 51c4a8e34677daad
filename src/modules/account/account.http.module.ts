import { Module } from '@nestjs/common';
import { AccountController, UserErasureController } from './account.controller.js';
import { AccountModule } from './account.module.js';

@Module({ imports: [AccountModule], controllers: [AccountController, UserErasureController] })
export class AccountHttpModule {}
