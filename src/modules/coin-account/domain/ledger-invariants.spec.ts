import { describe, expect, it } from 'vitest';
import { randomFrom, type Random } from '../../../../test/factories/random.js';
import { MemoryLedger } from '../../../../test/fakes/memory-ledger.js';
import { availableOf } from './account.js';

const SEQUENCES = 200;
const STEPS = 60;

function step(memory: MemoryLedger, random: Random): void {
  const holdId = `hold-${random(8)}`;
  const amount = BigInt(random(60));
  memory.now = new Date(memory.now.getTime() + random(20_000));
  const acts = [
    () => memory.grant(amount + 1n, `grant-${random(100)}`),
    () => memory.hold(amount, holdId),
    () => memory.hold(amount, holdId),
    () => memory.settle(amount, holdId),
    () => memory.release(holdId),
    () => memory.expire(holdId),
    () => memory.penalize(amount, random(2) ? holdId : undefined, `penalty-${random(100)}`),
  ];
  acts[random(acts.length)]?.();
}

function checkInvariants({ account, holds, journal }: MemoryLedger, seed: number): void {
  const place = `seed ${seed}, entry ${journal.length}`;
  const open = [...holds.values()].filter((hold) => hold.status === 'open');
  const heldCoins = open.reduce((sum, hold) => sum + hold.amount, 0n);
  const sums = { balance: 0n, frozen: 0n, debt: 0n };
  for (const entry of journal) {
    sums.balance += entry.balanceDelta;
    sums.frozen += entry.frozenDelta;
    sums.debt += entry.debtDelta;
  }
  expect(account, place).toMatchObject({ ...sums, frozen: heldCoins });
  expect(availableOf(account), place).toBeGreaterThanOrEqual(0n);
  if (account.debt > 0n) expect(availableOf(account), place).toBe(0n);
}

describe('any sequence of operations', () => {
  it('keeps the books', () => {
    for (let seed = 0; seed < SEQUENCES; seed++) {
      const memory = new MemoryLedger();
      const random = randomFrom(seed);
      for (let count = 0; count < STEPS; count++) {
        step(memory, random);
        checkInvariants(memory, seed);
      }
    }
  });
});
