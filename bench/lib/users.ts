import { randomBytes, randomUUID } from 'node:crypto';
import { openServices } from './built-services.ts';

/** A user of the benchmark's own. */
export interface BenchUser {
  id: string;
  apiKey: string;
}

/** How many passwords are hashed at a time: no more than the product itself does. */
const AT_ONCE = 2;

type Scopes = Parameters<Awaited<ReturnType<typeof openServices>>['apiKeys']['createKey']>[1]['scopes'];

/**
 * Makes users with coins and an API key each. @param microCoins what each is granted, if anything
 * @param scopes what the keys are for: chat and reading it, unless something else is said
 */
export async function createUsers(
  environment: Readonly<Record<string, string>>,
  count: number,
  microCoins: bigint,
  scopes: Scopes = ['chat', 'conversations:read'],
): Promise<BenchUser[]> {
  const services = await openServices(environment);
  const createOne = async (): Promise<BenchUser> => {
    const email = `bench-${randomBytes(8).toString('hex')}@example.com`;
    const password = randomBytes(12).toString('hex');
    const { id } = await services.users.createUser({ email, password, role: 'user' });
    const { secret } = await services.apiKeys.createKey(id, { name: 'benchmark', scopes });
    if (microCoins > 0n) {
      await services.coins.grantCoins({
        accountId: id,
        amount: microCoins,
        reason: 'adjustment',
        actor: 'benchmark',
        idempotencyKey: randomUUID(),
      });
    }
    return { id, apiKey: secret };
  };
  const users: BenchUser[] = [];
  while (users.length < count) {
    const group = Math.min(AT_ONCE, count - users.length);
    users.push(...(await Promise.all(Array.from({ length: group }, createOne))));
  }
  await services.close();
  return users;
}
