import type { AccountState } from './account.js';
import type { Decision, Operation, RecordedOperation } from './decision.js';
import type { Hold } from './hold.js';
import type { JournalEntry } from './journal.js';

/** What the database knows of an account, and of all that a group of operations on it asks for. */
export interface GroupFacts {
  readonly account: AccountState;
  readonly isKnown: boolean;
  readonly holds: readonly Hold[];
  readonly records: readonly RecordedOperation[];
  readonly now: Date;
}

/** What became of one operation of a group; `thrown` if its own rule failed, which is a fault of ours. */
export type Outcome = { decision: Decision<unknown> } | { thrown: unknown };

/** What a group changes, all of it to be written or nothing. */
export interface GroupChanges {
  readonly account: AccountState;
  readonly isNewAccount: boolean;
  readonly entries: readonly JournalEntry[];
  /** As they stand after the group: one may have ended in it already. */
  readonly openedHolds: readonly Hold[];
  readonly endedHolds: readonly Hold[];
  readonly records: readonly RecordedOperation[];
}

/**
 * Operations on one account, decided one after the other in memory: each sees what the one before it changed, as
 * if they had been committed one by one.
 */
export class OperationGroup {
  readonly now: Date;
  private account: AccountState;
  private isKnown: boolean;
  private readonly wasKnown: boolean;
  private readonly holds: Map<string, Hold>;
  private readonly recorded: Map<string, RecordedOperation>;
  private readonly entries: JournalEntry[] = [];
  private readonly openedIds = new Set<string>();
  private readonly endedIds = new Set<string>();
  private readonly newRecords: RecordedOperation[] = [];

  constructor(facts: GroupFacts) {
    this.now = facts.now;
    this.account = facts.account;
    this.isKnown = facts.isKnown;
    this.wasKnown = facts.isKnown;
    this.holds = new Map(facts.holds.map((hold) => [hold.id, hold]));
    this.recorded = new Map(facts.records.map((record) => [record.idempotencyKey, record]));
  }

  /** Decides one operation and takes over what it changes. */
  run(operation: Operation<unknown>): Outcome {
    try {
      const decision = operation.decide({
        account: this.account,
        isKnown: this.isKnown,
        hold: operation.holdId === undefined ? undefined : this.holds.get(operation.holdId),
        recorded:
          operation.idempotencyKey === undefined ? undefined : this.recorded.get(operation.idempotencyKey),
        now: this.now,
      });
      this.take(decision);
      return { decision };
    } catch (thrown) {
      return { thrown };
    }
  }

  changes(): GroupChanges {
    const holdsOf = (ids: ReadonlySet<string>) => [...ids].flatMap((id) => this.holds.get(id) ?? []);
    return {
      account: this.account,
      isNewAccount: !this.wasKnown,
      entries: this.entries,
      openedHolds: holdsOf(this.openedIds),
      endedHolds: holdsOf(this.endedIds),
      records: this.newRecords,
    };
  }

  private take(decision: Decision<unknown>): void {
    if (decision.kind === 'repeat') return;
    if (decision.kind === 'apply') {
      this.account = decision.account;
      this.isKnown = true;
      this.entries.push(...decision.entries);
      if (decision.openedHold) {
        this.holds.set(decision.openedHold.id, decision.openedHold);
        this.openedIds.add(decision.openedHold.id);
      }
      if (decision.endedHold) {
        this.holds.set(decision.endedHold.id, decision.endedHold);
        // One that was opened in this group is inserted as it ended.
        if (!this.openedIds.has(decision.endedHold.id)) this.endedIds.add(decision.endedHold.id);
      }
    }
    if (decision.record) {
      this.recorded.set(decision.record.idempotencyKey, decision.record);
      this.newRecords.push(decision.record);
    }
  }
}
