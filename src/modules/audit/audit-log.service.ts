import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import { currentLogFields } from '../../platform/logging/index.js';
import { Clock } from '../../shared/clock.js';
import { newId } from '../../shared/ids.js';
import { AuditLogRepository, type AuditSelection } from './audit-log.repository.js';
import { type AuditEntry, type AuditEvent, checkDetail } from './domain/audit-entry.js';

/** Who did what to whose data. Entries are added and read; nothing changes or deletes one. */
@Injectable()
export class AuditLog {
  constructor(
    private readonly repository: AuditLogRepository,
    private readonly transactions: Transactions,
    private readonly clock: Clock,
  ) {}

  /**
   * Writes events down, with the id of the request that is being served. Given a transaction, they are there if and
   * only if it commits.
   * @throws an Error (a fault of ours) if a detail is anything but a plain word, a number, a flag or null.
   */
  async record(
    events: AuditEvent | readonly AuditEvent[],
    transaction: Transaction = this.transactions.single,
  ): Promise<void> {
    const entries = [events].flat().map((event) => this.entryOf(event));
    if (entries.length > 0) await this.repository.insert(transaction, entries);
  }

  /** Entries from the newest on. */
  list(selection: AuditSelection): Promise<AuditEntry[]> {
    return this.repository.list(selection);
  }

  private entryOf({ actor, action, subjectKind, subjectId, detail = {}, reason }: AuditEvent): AuditEntry {
    return {
      id: newId(),
      at: new Date(this.clock.nowMs()),
      actorKind: actor.kind,
      actorId: actor.id ?? null,
      action,
      subjectKind,
      subjectId,
      detail: checkDetail(detail),
      reason: reason ?? null,
      requestId: currentLogFields().request_id ?? null,
    };
  }
}
