import { NestFactory } from '@nestjs/core';
import { z } from 'zod';
import { CliAppModule } from './cli-app.module.js';
import { AdministratorService } from './modules/auth/index.js';
import { CoinAccountService, idempotencyKeyReused } from './modules/coin-account/index.js';
import type { LoadedConfig } from './platform/config/index.js';
import { AppError } from './platform/errors/index.js';
import { waitForDependencies } from './platform/process/index.js';
import { CoinsFormatError, type MicroCoins, parseCoins } from './shared/money.js';

export const ENSURE_ADMINISTRATOR_HELP = `Usage: lockkeeper ensure-administrator --email EMAIL [options] < PASSWORD

Makes the first administrator of the installation, with an API key of all scopes that keys can have. Does
nothing if there is an active administrator already; may be repeated, and run twice at once.

  --email EMAIL   the address to sign in with
  --coins N       coins to give to the account when it is made
  --reset-key     if an administrator of this address exists: revoke the key that this command made last,
                  and make another; the password stays as it is
  --json          print the outcome as one line of JSON

The password (10 to 200 characters) is read from standard input, up to a line feed, and only if the account
has to be made. Keep it before you call: it is printed nowhere. Likewise the key is printed this once; if the
output was lost, --reset-key gives a new one.

  {"created":true,"email":"admin@example.com","api_key":"lk_…"}    made now
  {"created":false}                                                there is an administrator already
  {"created":false,"email":"admin@example.com","api_key":"lk_…"}   with --reset-key
`;

const optionsSchema = z.object({
  email: z.email('write --email EMAIL').max(254).toLowerCase(),
  coins: z.string().optional(),
  'reset-key': z.boolean().default(false),
});

/** What the command prints with `--json`. */
export interface EnsureAdministratorOutcome {
  created: boolean;
  email?: string;
  api_key?: string;
}

/**
 * Runs `ensure-administrator`.
 * @throws an error whose message is for the operator.
 */
export async function ensureAdministrator(
  config: LoadedConfig,
  rawOptions: unknown,
  readPassword: () => Promise<string>,
): Promise<EnsureAdministratorOutcome> {
  const { email, coins, isKeyReset } = readOptions(rawOptions);
  await waitForDependencies(config, (line) => process.stderr.write(`${line}\n`));
  // Standard output belongs to the outcome: only errors are reported, on standard error.
  const app = await NestFactory.createApplicationContext(CliAppModule.forRoot(config), {
    logger: ['error'],
    abortOnError: false,
  });
  try {
    const { isCreated, apiKey, userId } = await app
      .get(AdministratorService)
      .ensureAdministrator({ email, readPassword, isKeyReset });
    if (userId !== undefined && coins > 0n) await grantFirstCoins(app.get(CoinAccountService), userId, coins);
    return { created: isCreated, ...(apiKey === undefined ? {} : { email, api_key: apiKey }) };
  } catch (error) {
    throw error instanceof AppError ? new Error(error.message, { cause: error }) : error;
  } finally {
    await app.close();
  }
}

/** Once for an account, however often the command is repeated. */
async function grantFirstCoins(
  service: CoinAccountService,
  accountId: string,
  amount: MicroCoins,
): Promise<void> {
  try {
    await service.grantCoins({
      accountId,
      amount,
      reason: 'adjustment',
      actor: 'ensure-administrator',
      idempotencyKey: 'first-administrator',
    });
  } catch (error) {
    // An earlier call has given another amount; that one stands.
    if (!idempotencyKeyReused.is(error)) throw error;
  }
}

/** The outcome for people. */
export function describeOutcome({ created, email, api_key: apiKey }: EnsureAdministratorOutcome): string {
  if (apiKey === undefined) return 'There is an administrator already.\n';
  return created
    ? `Made the administrator ${email}. The API key, shown this once: ${apiKey}\n`
    : `The new API key of ${email}, shown this once: ${apiKey}\n`;
}

interface Options {
  email: string;
  coins: MicroCoins;
  isKeyReset: boolean;
}

function readOptions(raw: unknown): Options {
  const parsed = optionsSchema.safeParse(raw);
  if (!parsed.success) {
    throw new Error(`${parsed.error.issues[0]?.message}\n\n${ENSURE_ADMINISTRATOR_HELP}`);
  }
  const { email, coins = '0', 'reset-key': isKeyReset } = parsed.data;
  return { email, coins: readCoins(coins), isKeyReset };
}

function readCoins(text: string): MicroCoins {
  try {
    const coins = parseCoins(text);
    if (coins >= 0n) return coins;
  } catch (error) {
    if (error instanceof CoinsFormatError) throw new Error(`--coins: ${error.message}`, { cause: error });
    throw error;
  }
  throw new Error('--coins: must not be negative');
}
