/**
 * A process of the built ledger for tests: it does what its parent's messages say and answers each when the ledger
 * has. Messages are `{ id, operation, request }` with amounts as decimal strings; answers
 * `{ id, result }` or `{ id, refusal }` or `{ id, failure }`, the last with `isAway` when the database was.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';

const AMOUNTS = ['amount', 'debtAmount', 'settledAmount'];

/** @param {string} path below the built sources */
const load = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);

const { configDefinitions } = await load('app.config.js');
const { ConfigModule, loadProcessConfig } = await load('platform/config/index.js');
const { DatabaseModule, isDatabaseAway } = await load('platform/database/index.js');
const { AppError } = await load('platform/errors/index.js');
const { CoinAccountModule, CoinAccountService } = await load('modules/coin-account/index.js');

class CoinServiceModule {}
const app = await NestFactory.createApplicationContext(
  {
    module: CoinServiceModule,
    imports: [
      ConfigModule.forRoot(loadProcessConfig(configDefinitions), configDefinitions),
      DatabaseModule.forRoot(),
      CoinAccountModule,
    ],
  },
  { logger: false, abortOnError: false },
);
const coins = app.get(CoinAccountService);

/** @param {Record<string, unknown>} request */
function withAmounts(request) {
  const amounts = AMOUNTS.filter((name) => typeof request[name] === 'string');
  return { ...request, ...Object.fromEntries(amounts.map((name) => [name, BigInt(String(request[name]))])) };
}

/** @param {unknown} error */
function describeFailure(error) {
  const { code, errno, message } = /** @type {Record<string, unknown>} */ (error);
  return { failure: { code, errno, message, isAway: isDatabaseAway(error) } };
}

/** @param {{ id: number, operation: string, request: any }} message */
async function serve({ id, operation, request }) {
  try {
    await coins[operation](typeof request === 'object' ? withAmounts(request) : request);
    process.send?.({ id });
  } catch (error) {
    process.send?.({
      id,
      ...(error instanceof AppError ? { refusal: /** @type {any} */ (error).code } : describeFailure(error)),
    });
  }
}

process.on('message', (/** @type {any} */ message) => void serve(message));
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
