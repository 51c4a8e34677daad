import { type AccountState, emptyAccount } from '../../src/modules/coin-account/domain/account.js';
import type { Decision, Facts, RecordedOperation } from '../../src/modules/coin-account/domain/decision.js';
import type { Hold } from '../../src/modules/coin-account/domain/hold.js';
import type { JournalEntry } from '../../src/modules/coin-account/domain/journal.js';
import * as ledger from '../../src/modules/coin-account/domain/ledger.js';

const ACCOUNT = '11111111-1111-4111-8111-111111111111';
const LEASE_MS = 60_000;

/** The ledger over a single account held in memory: what the database does, without one. */
export class MemoryLedger {
  account: AccountState;
  isKnown = false;
  now = new Date('2026-01-01T00:00:00.000Z');
  readonly holds = new Map<string, Hold>();
  readonly journal: JournalEntry[] = [];
  readonly records = new Map<string, RecordedOperation>();

  constructor(accountId = ACCOUNT) {
    this.account = emptyAccount(accountId);
  }

  /** The same ledger at this moment, to go on from here in another way. */
  copy(): MemoryLedger {
    const copy = new MemoryLedger(this.account.id);
    copy.account = this.account;
    copy.isKnown = this.isKnown;
    copy.now = this.now;
    copy.journal.push(...this.journal);
    for (const [id, hold] of this.holds) copy.holds.set(id, hold);
    for (const [key, record] of this.records) copy.records.set(key, record);
    return copy;
  }

  grant(amount: bigint, idempotencyKey = 'grant-1', reason: ledger.GrantReason = 'purchase') {
    const request = { amount, reason, actor: 'operator', idempotencyKey };
    return this.apply(ledger.grant(this.facts(undefined, idempotencyKey), request));
  }

  hold(amount: bigint, holdId = 'hold-1', purpose = 'chat') {
    const request = { holdId, amount, purpose, reference: holdId, leaseMs: LEASE_MS };
    return this.apply(ledger.hold(this.facts(holdId, ledger.holdKey(holdId)), request));
  }

  settle(amount: bigint, holdId = 'hold-1') {
    return this.apply(ledger.settle(this.facts(holdId), { holdId, amount, reference: holdId }));
  }

  release(holdId = 'hold-1') {
    return this.apply(ledger.release(this.facts(holdId), { holdId, reason: 'provider_failed' }));
  }

  expire(holdId = 'hold-1') {
    return this.apply(ledger.expire(this.facts(holdId)));
  }

  penalize(amount: bigint, holdId?: string, idempotencyKey = 'penalty-1') {
    const request = { holdId, amount, reference: 'turn', idempotencyKey };
    return this.apply(ledger.penalize(this.facts(holdId, idempotencyKey), request));
  }

  /** Moves the end of an open hold to a lease from now. @returns how many there were. */
  renew(holdId: string): number {
    return this.moveEnd(holdId, this.now.getTime() + LEASE_MS);
  }

  /** Puts the end of an open hold into the past. */
  makeOverdue(holdId: string): void {
    this.moveEnd(holdId, this.now.getTime() - 1);
  }

  private moveEnd(holdId: string, expiresAtMs: number): number {
    const hold = this.holds.get(holdId);
    if (hold?.status !== 'open') return 0;
    this.holds.set(holdId, { ...hold, expiresAt: new Date(expiresAtMs) });
    return 1;
  }

  facts(holdId?: string, key?: string): Facts {
    return {
      account: this.account,
      isKnown: this.isKnown,
      hold: holdId === undefined ? undefined : this.holds.get(holdId),
      recorded: key === undefined ? undefined : this.records.get(key),
      now: this.now,
    };
  }

  get amounts() {
    return ledger.balancesOf(this.account);
  }

  get kinds() {
    return this.journal.map((entry) => entry.kind);
  }

  private apply<R>(decision: Decision<R>): Decision<R> {
    if (decision.kind === 'apply') {
      this.account = decision.account;
      this.isKnown = true;
      this.journal.push(...decision.entries);
      const hold = decision.openedHold ?? decision.endedHold;
      if (hold) this.holds.set(hold.id, hold);
    }
    if (decision.kind !== 'repeat' && decision.record) {
      // Through JSON, as in the database.
      const outcome = JSON.parse(JSON.stringify(decision.record.outcome)) as RecordedOperation['outcome'];
      this.records.set(decision.record.idempotencyKey, { ...decision.record, outcome });
    }
    return decision;
  }
}
