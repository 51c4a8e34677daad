export { holdEnded, idempotencyKeyReused } from './coin-account.errors.js';
export { coinAccountConfig } from './coin-account.config.js';
export { CoinAccountModule } from './coin-account.module.js';
export { CoinAccountService } from './coin-account.service.js';
