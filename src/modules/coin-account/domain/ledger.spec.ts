import { describe, expect, it } from 'vitest';
import { MemoryLedger } from '../../../../test/fakes/memory-ledger.js';
import { MAX_MICRO_COINS } from '../../../shared/money.js';
import { emptyAccount } from './account.js';
import type { Hold } from './hold.js';
import { GENESIS_HASH, hashEntry, type JournalEntry } from './journal.js';

const LEASE_MS = 60_000;

function ledgerWith(amount: bigint): MemoryLedger {
  const memory = new MemoryLedger();
  memory.grant(amount, 'opening');
  return memory;
}

describe('a grant', () => {
  it('adds coins and says who gave them and why', () => {
    const memory = ledgerWith(50n);
    expect(memory.amounts).toEqual({ balance: 50n, available: 50n, frozen: 0n, debt: 0n });
    expect(memory.journal).toMatchObject([
      { sequence: 1, kind: 'grant', balanceDelta: 50n, actor: 'operator', reason: 'purchase' },
    ]);
  });

  it('pays a debt first, as an entry of its own', () => {
    const memory = new MemoryLedger();
    memory.penalize(30n);
    expect(memory.grant(100n)).toMatchObject({
      result: { amount: 100n, debtPaid: 30n, balance: 70n, debt: 0n },
    });
    expect(memory.kinds).toEqual(['penalty', 'grant', 'debt_payment']);
    expect(memory.journal.at(-1)).toMatchObject({ balanceDelta: -30n, debtDelta: -30n, balanceAfter: 70n });
  });

  it('that is smaller than the debt leaves nothing available', () => {
    const memory = new MemoryLedger();
    memory.penalize(30n);
    memory.grant(10n);
    expect(memory.amounts).toEqual({ balance: 0n, available: 0n, frozen: 0n, debt: 20n });
  });

  it('that would not fit 64 bits is refused, and stays refused', () => {
    const memory = ledgerWith(MAX_MICRO_COINS);
    const refusal = { kind: 'reject', rejection: { code: 'balance_overflow' } };
    expect(memory.grant(1n)).toMatchObject(refusal);
    memory.hold(100n);
    memory.settle(100n);
    expect(memory.grant(1n)).toMatchObject(refusal);
    expect(memory.grant(1n, 'another key').kind).toBe('apply');
  });

  it('acts once for its key and answers as the first time', () => {
    const memory = new MemoryLedger();
    const first = memory.grant(9_007_199_254_740_993n);
    memory.hold(1n);
    expect(memory.grant(9_007_199_254_740_993n)).toEqual({
      kind: 'repeat',
      result: (first as { result: unknown }).result,
    });
    expect(memory.journal).toHaveLength(2);
  });

  it.each([
    ['amount', (m: MemoryLedger) => m.grant(6n)],
    ['reason', (m: MemoryLedger) => m.grant(5n, 'grant-1', 'coupon')],
    ['operation', (m: MemoryLedger) => m.penalize(5n, undefined, 'grant-1')],
  ])('refuses its key for another %s', (_, act) => {
    const memory = new MemoryLedger();
    memory.grant(5n);
    expect(act(memory)).toEqual({
      kind: 'reject',
      rejection: { code: 'idempotency_key_reused', key: 'grant-1' },
    });
  });
});

describe('a hold', () => {
  it('freezes what is available', () => {
    const memory = ledgerWith(50n);
    expect(memory.hold(50n)).toMatchObject({
      result: { status: 'open', amount: 50n, expiresAt: new Date('2026-01-01T00:01:00.000Z') },
    });
    expect(memory.amounts).toEqual({ balance: 50n, available: 0n, frozen: 50n, debt: 0n });
  });

  it('above what is available is refused, and stays refused under its id', () => {
    const memory = ledgerWith(50n);
    const refusal = { rejection: { code: 'insufficient_coins', required: 51n, available: 50n } };
    expect(memory.hold(51n)).toMatchObject(refusal);
    memory.grant(1_000n);
    expect(memory.hold(51n)).toMatchObject(refusal);
    expect(memory.hold(52n)).toMatchObject({ rejection: { code: 'idempotency_key_reused' } });
    expect(memory.hold(51n, 'hold-2').kind).toBe('apply');
  });

  it('on an account that does not exist is refused without a trace', () => {
    const decision = new MemoryLedger().hold(1n);
    expect(decision).toEqual({
      kind: 'reject',
      rejection: { code: 'insufficient_coins', required: 1n, available: 0n },
    });
  });

  it('of zero needs no coins and leaves its entries', () => {
    const memory = new MemoryLedger();
    memory.hold(0n);
    expect(memory.settle(0n)).toMatchObject({ result: { status: 'settled', settledAmount: 0n } });
    expect(memory.kinds).toEqual(['hold', 'settle']);
    expect(memory.amounts).toEqual({ balance: 0n, available: 0n, frozen: 0n, debt: 0n });
  });

  it.each([0n, 1n])('of %s is refused while the account owes coins', (amount) => {
    const memory = new MemoryLedger();
    memory.penalize(30n);
    expect(memory.hold(amount)).toMatchObject({ rejection: { code: 'account_in_debt', debt: 30n } });
  });

  it('is refused while the account is blocked, which does not hinder its settling', () => {
    const memory = ledgerWith(50n);
    memory.hold(10n);
    memory.account = { ...memory.account, isBlocked: true };
    expect(memory.hold(10n, 'hold-2')).toMatchObject({ rejection: { code: 'account_blocked' } });
    expect(memory.settle(5n).kind).toBe('apply');
    expect(memory.account.isBlocked).toBe(true);
  });

  it('freezes once for its id', () => {
    const memory = ledgerWith(50n);
    memory.hold(20n);
    expect(memory.hold(20n)).toMatchObject({ kind: 'repeat', result: { status: 'open' } });
    memory.settle(20n);
    expect(memory.hold(20n)).toMatchObject({ kind: 'repeat', result: { status: 'settled' } });
    expect(memory.hold(21n)).toMatchObject({ rejection: { code: 'idempotency_key_reused' } });
    expect(memory.hold(20n, 'hold-1', 'image')).toMatchObject({
      rejection: { code: 'idempotency_key_reused' },
    });
    expect(memory.amounts.balance).toBe(30n);
  });
});

describe('settling', () => {
  it.each([
    { cost: 0n, balance: 100n, debt: 0n, why: 'for nothing releases all' },
    { cost: 30n, balance: 70n, debt: 0n, why: 'for less than was held releases the rest' },
    { cost: 40n, balance: 60n, debt: 0n, why: 'for what was held' },
    {
      cost: 60n,
      balance: 40n,
      debt: 0n,
      why: 'for more than was held takes the rest from what is available',
    },
    { cost: 130n, balance: 0n, debt: 30n, why: 'for more than there is makes a debt' },
  ])('$why', ({ cost, balance, debt }) => {
    const memory = ledgerWith(100n);
    memory.hold(40n);
    expect(memory.settle(cost)).toMatchObject({ result: { settledAmount: cost, debtAmount: debt } });
    expect(memory.amounts).toEqual({ balance, available: balance, frozen: 0n, debt });
  });

  it('never touches the coins of other holds', () => {
    const memory = ledgerWith(100n);
    memory.hold(60n, 'hold-1');
    memory.hold(40n, 'hold-2');
    memory.settle(90n, 'hold-1');
    expect(memory.amounts).toEqual({ balance: 40n, available: 0n, frozen: 40n, debt: 30n });
  });

  it('charges once', () => {
    const memory = ledgerWith(100n);
    memory.hold(40n);
    const first = memory.settle(30n);
    expect(memory.settle(30n)).toEqual({ kind: 'repeat', result: (first as { result: unknown }).result });
    expect(memory.settle(31n)).toMatchObject({
      rejection: { code: 'hold_ended', status: 'settled', settledAmount: 30n },
    });
    expect(memory.amounts.balance).toBe(70n);
  });

  it('is refused for a hold that does not exist or belongs to another', () => {
    const memory = ledgerWith(100n);
    memory.hold(40n);
    const notFound = { rejection: { code: 'hold_not_found' } };
    expect(memory.settle(1n, 'hold-9')).toMatchObject(notFound);
    memory.account = emptyAccount('22222222-2222-4222-8222-222222222222');
    expect(memory.settle(1n)).toMatchObject(notFound);
    expect(memory.release()).toMatchObject(notFound);
    expect(memory.penalize(1n, 'hold-1')).toMatchObject(notFound);
    expect(memory.expire()).toMatchObject({ kind: 'repeat', result: false });
    expect(memory.hold(40n)).toMatchObject({ rejection: { code: 'idempotency_key_reused' } });
  });

  it('is refused when the debt would not fit 64 bits', () => {
    const memory = ledgerWith(10n);
    memory.hold(5n, 'hold-1');
    memory.hold(5n, 'hold-2');
    memory.settle(MAX_MICRO_COINS, 'hold-1');
    expect(memory.settle(MAX_MICRO_COINS, 'hold-2')).toEqual({
      kind: 'reject',
      rejection: { code: 'balance_overflow' },
    });
  });

  it('pays an older debt from what it releases', () => {
    const memory = ledgerWith(100n);
    memory.hold(60n, 'hold-1');
    memory.hold(40n, 'hold-2');
    memory.settle(90n, 'hold-1');
    memory.settle(0n, 'hold-2');
    expect(memory.amounts).toEqual({ balance: 10n, available: 10n, frozen: 0n, debt: 0n });
    expect(memory.kinds.slice(-2)).toEqual(['settle', 'debt_payment']);
  });
});

describe('ends of a hold', () => {
  it('releasing gives all back, once', () => {
    const memory = ledgerWith(100n);
    memory.hold(40n);
    expect(memory.release()).toMatchObject({ result: { status: 'released', settledAmount: null } });
    expect(memory.release()).toMatchObject({ kind: 'repeat', result: { status: 'released' } });
    expect(memory.amounts).toEqual({ balance: 100n, available: 100n, frozen: 0n, debt: 0n });
    expect(memory.kinds).toEqual(['grant', 'hold', 'release']);
  });

  it('expires only when its time is up', () => {
    const memory = ledgerWith(100n);
    memory.hold(40n);
    memory.now = new Date(memory.now.getTime() + LEASE_MS - 1);
    expect(memory.expire()).toMatchObject({ kind: 'repeat', result: false });
    memory.now = new Date(memory.now.getTime() + 1);
    expect(memory.expire()).toMatchObject({ kind: 'apply', result: true });
    expect(memory.expire()).toMatchObject({ kind: 'repeat', result: false });
    expect(memory.amounts.available).toBe(100n);
  });

  it('the first end stands: every later one is told of it', () => {
    const ends = { settled: 'settle', released: 'release', expired: 'expire' } as const;
    for (const [status, end] of Object.entries(ends)) {
      const memory = ledgerWith(100n);
      memory.hold(40n);
      memory.now = new Date(memory.now.getTime() + LEASE_MS);
      if (end === 'settle') memory.settle(10n);
      else memory[end]();
      const after = memory.amounts;
      const told = { rejection: { code: 'hold_ended', status } };
      if (status !== 'released') expect(memory.release()).toMatchObject(told);
      expect(memory.settle(20n)).toMatchObject(told);
      expect(memory.expire()).toMatchObject({ kind: 'repeat', result: false });
      expect(memory.amounts).toEqual(after);
    }
  });
});

describe('a penalty', () => {
  it('refunds the hold and charges, in one operation', () => {
    const memory = ledgerWith(100n);
    memory.hold(40n);
    expect(memory.penalize(25n, 'hold-1')).toMatchObject({
      result: { amount: 25n, refundedAmount: 40n, debtAmount: 0n, balance: 75n, frozen: 0n },
      endedHold: { status: 'released' },
    });
    expect(memory.kinds).toEqual(['grant', 'hold', 'release', 'penalty']);
  });

  it('larger than the balance becomes a debt', () => {
    const memory = ledgerWith(100n);
    memory.hold(40n);
    expect(memory.penalize(130n, 'hold-1')).toMatchObject({
      result: { debtAmount: 30n, debt: 30n, balance: 0n },
    });
  });

  it('takes nothing from other holds', () => {
    const memory = ledgerWith(100n);
    memory.hold(40n);
    memory.penalize(70n);
    expect(memory.amounts).toEqual({ balance: 40n, available: 0n, frozen: 40n, debt: 10n });
  });

  it('is charged once for its key', () => {
    const memory = ledgerWith(100n);
    memory.hold(40n);
    const first = memory.penalize(25n, 'hold-1');
    expect(memory.penalize(25n, 'hold-1')).toEqual({
      kind: 'repeat',
      result: (first as { result: unknown }).result,
    });
    expect(memory.amounts.balance).toBe(75n);
  });

  it('is charged for a hold that gave back before, refused for one that was settled', () => {
    const memory = ledgerWith(100n);
    memory.hold(40n);
    memory.release();
    expect(memory.penalize(25n, 'hold-1')).toMatchObject({ result: { refundedAmount: 0n, balance: 75n } });
    memory.hold(40n, 'hold-2');
    memory.settle(40n, 'hold-2');
    expect(memory.penalize(25n, 'hold-2', 'penalty-2')).toMatchObject({
      rejection: { code: 'hold_ended', status: 'settled' },
    });
    expect(memory.penalize(25n, 'hold-9', 'penalty-3')).toMatchObject({
      rejection: { code: 'hold_not_found' },
    });
  });

  it('that would not fit 64 bits is refused and leaves the hold open', () => {
    const memory = new MemoryLedger();
    memory.penalize(MAX_MICRO_COINS);
    expect(memory.penalize(1n, undefined, 'penalty-2')).toMatchObject({
      rejection: { code: 'balance_overflow' },
    });
  });
});

describe('the journal', () => {
  it('chains every entry to the one before', () => {
    const memory = ledgerWith(100n);
    memory.hold(40n);
    memory.penalize(130n, 'hold-1');
    memory.grant(200n, 'later');
    let hash = GENESIS_HASH;
    for (const entry of memory.journal) {
      hash = hashEntry(hash, entry);
      expect(entry.hash).toEqual(hash);
    }
    expect(memory.account.hash).toEqual(hash);
    expect(memory.journal.map((entry) => entry.sequence)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('has a hash that any field changes', () => {
    const [entry] = ledgerWith(100n).journal as [JournalEntry];
    const before = hashEntry(GENESIS_HASH, entry);
    // Computed by another program from the description of the format.
    expect(before.toString('hex')).toBe('5903291cc8b433cf6fe64025da322992d2862104e8522f9b7c4099e85e158cd1');
    for (const [field, value] of Object.entries(entry)) {
      if (field === 'hash') continue;
      const altered =
        typeof value === 'bigint' ? value + 1n : value instanceof Date ? new Date(0) : `${String(value)}x`;
      expect(hashEntry(GENESIS_HASH, { ...entry, [field]: altered }), field).not.toEqual(before);
    }
    expect(hashEntry(before, entry)).not.toEqual(before);
  });

  it('never goes back in time when the database does', () => {
    const memory = ledgerWith(100n);
    const first = memory.now;
    memory.now = new Date(first.getTime() - 5_000);
    const { result } = memory.hold(1n) as { result: Hold };
    expect(memory.journal.at(-1)?.createdAt).toEqual(first);
    expect(result.expiresAt).toEqual(new Date(memory.now.getTime() + LEASE_MS));
  });
});
