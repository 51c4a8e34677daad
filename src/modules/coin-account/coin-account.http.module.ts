import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/index.js';
import { CoinAccountController } from './coin-account.controller.js';
import { CoinAccountModule } from './coin-account.module.js';

/** The ledger's routes. */
@Module({ imports: [AuthModule, CoinAccountModule], controllers: [CoinAccountController] })
export class CoinAccountHttpModule {}
