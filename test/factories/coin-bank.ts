import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallFailure, CoinServiceProcess } from './coin-service-process.js';
import type { Random } from './random.js';

const MAX_AMOUNT = 40;
const RETRY_PAUSE_MS = 50;
const LEASE_MS = 60_000;
const SHORT_LEASE_MS = 1_000;

/** How a hold was ended by its client; an abandoned one is left to expire. */
type End = 'settled' | 'released' | 'penalized' | 'abandoned';

export interface AcknowledgedHold {
  id: string;
  accountId: string;
  amount: bigint;
  end: End;
  /** What was charged: by the settlement, or as the penalty. */
  charged: bigint;
}

export interface AcknowledgedGrant {
  key: string;
  accountId: string;
  amount: bigint;
}

/**
 * Clients that move coins from one account to another, by a charge here and a grant there, through processes that
 * die. Each tries what it began, under the same id or key, until some process acknowledges it.
 */
export class BankClients {
  readonly holds: AcknowledgedHold[] = [];
  readonly grants: AcknowledgedGrant[] = [];
  /** Whatever reached a caller that is neither an answer nor the absence of a process or of the database. */
  readonly failures: CallFailure[] = [];
  /** How many calls had to be made again. */
  retries = 0;
  /** The most that may be between two accounts at one moment. */
  readonly maxInFlight: bigint;

  constructor(
    private readonly processes: readonly CoinServiceProcess[],
    private readonly accountIds: readonly string[],
    private readonly random: Random,
    private readonly clients: number,
  ) {
    this.maxInFlight = BigInt(clients * MAX_AMOUNT);
  }

  /** Gives every account the same amount. */
  async fund(amount: bigint): Promise<void> {
    await Promise.all(this.accountIds.map((accountId) => this.grant(accountId, amount, `fund-${accountId}`)));
  }

  /** Makes transfers until `isOver`, and ends those that were begun. */
  async run(isOver: () => boolean): Promise<void> {
    await Promise.all(
      Array.from({ length: this.clients }, async () => {
        while (!isOver()) await this.transfer();
      }),
    );
  }

  /** Expires what is overdue, as a worker does. */
  async expireHolds(): Promise<void> {
    await this.acknowledge('expireHolds', 100);
  }

  private async transfer(): Promise<void> {
    const from = this.pick(this.accountIds);
    const amount = BigInt(this.random(MAX_AMOUNT - 10));
    const end = this.chooseEnd();
    const hold = { id: randomUUID(), accountId: from, amount, end, charged: 0n };
    const leaseMs = end === 'abandoned' ? SHORT_LEASE_MS : LEASE_MS;
    const request = { holdId: hold.id, accountId: from, purpose: 'transfer', reference: hold.id };
    if (!(await this.acknowledge('holdCoins', { ...request, amount: String(amount), leaseMs }))) return;
    // Mostly less than was held, sometimes more.
    if (end === 'settled' || end === 'penalized') hold.charged = BigInt(this.random(Number(amount) + 10));
    await this.endHold(hold);
    this.holds.push(hold);
    if (hold.charged > 0n) await this.grant(this.pick(this.accountIds), hold.charged, `of-${hold.id}`);
  }

  private async endHold({ id: holdId, accountId, end, charged }: AcknowledgedHold): Promise<void> {
    const request = { accountId, holdId, reference: holdId, amount: String(charged) };
    if (end === 'settled') await this.mustAcknowledge('settleHold', request);
    if (end === 'released') await this.mustAcknowledge('releaseHold', { ...request, reason: 'no_transfer' });
    if (end === 'penalized')
      await this.mustAcknowledge('penalizeViolation', { ...request, idempotencyKey: `by-${holdId}` });
  }

  private chooseEnd(): End {
    const number = this.random(20);
    if (number === 0) return 'abandoned';
    if (number <= 2) return 'released';
    return number <= 4 ? 'penalized' : 'settled';
  }

  private async grant(accountId: string, amount: bigint, key: string): Promise<void> {
    const request = { accountId, reason: 'adjustment', actor: 'bank', idempotencyKey: key };
    await this.mustAcknowledge('grantCoins', { ...request, amount: String(amount) });
    this.grants.push({ key, accountId, amount });
  }

  private async mustAcknowledge(operation: string, request: object): Promise<void> {
    if (!(await this.acknowledge(operation, request)))
      throw new Error(`${operation} was refused: ${JSON.stringify(request)}`);
  }

  /** Calls until there is an answer. @returns whether the ledger did it; false if it refused for lack of coins. */
  private async acknowledge(operation: string, request: unknown): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      if (attempt > 0) {
        this.retries++;
        await delay(RETRY_PAUSE_MS);
      }
      const answer = await this.pick(this.processes).call(operation, request);
      if (answer.kind === 'done') return true;
      if (answer.kind === 'refused') {
        if (['insufficient_coins', 'account_in_debt'].includes(answer.code)) return false;
        throw new Error(`${operation} was refused as ${answer.code}: ${JSON.stringify(request)}`);
      }
      if (answer.kind === 'failed' && !answer.failure.isAway) this.failures.push(answer.failure);
    }
  }

  private pick<T>(items: readonly T[]): T {
    return items[this.random(items.length)] as T;
  }
}
