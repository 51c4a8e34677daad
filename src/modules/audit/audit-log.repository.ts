import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import type { AuditDetail, AuditEntry } from './domain/audit-entry.js';

/** Which entries to read; the newest first, those with ids below `before`. */
export interface AuditSelection {
  action?: string | undefined;
  actorId?: string | undefined;
  subjectKind?: string | undefined;
  subjectId?: string | undefined;
  before?: string | undefined;
  limit: number;
}

interface AuditRow {
  id: string;
  at: Date;
  actor_kind: AuditEntry['actorKind'];
  actor_id: string | null;
  action: string;
  subject_kind: string;
  subject_id: string;
  detail: string;
  reason: string | null;
  request_id: string | null;
}

const COLUMNS = 'id, at, actor_kind, actor_id, action, subject_kind, subject_id, detail, reason, request_id';

/** The rows of `audit_log`: they are added and read, nothing else. */
@Injectable()
export class AuditLogRepository {
  constructor(private readonly transactions: Transactions) {}

  async insert(transaction: Transaction, entries: readonly AuditEntry[]): Promise<void> {
    await transaction.query(`INSERT INTO audit_log (${COLUMNS}) VALUES ?`, [
      entries.map((entry) => [
        entry.id,
        entry.at,
        entry.actorKind,
        entry.actorId,
        entry.action,
        entry.subjectKind,
        entry.subjectId,
        JSON.stringify(entry.detail),
        entry.reason,
        entry.requestId,
      ]),
    ]);
  }

  async list(selection: AuditSelection): Promise<AuditEntry[]> {
    const conditions: [sql: string, value: string | undefined][] = [
      ['action = ?', selection.action],
      ['actor_id = ?', selection.actorId],
      ['subject_kind = ?', selection.subjectKind],
      ['subject_id = ?', selection.subjectId],
      ['id < ?', selection.before],
    ];
    const used = conditions.filter(([, value]) => value !== undefined);
    const where = used.length === 0 ? '' : `WHERE ${used.map(([sql]) => sql).join(' AND ')}`;
    const rows: AuditRow[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM audit_log ${where} ORDER BY id DESC LIMIT ?`,
      [...used.map(([, value]) => value), selection.limit],
    );
    return rows.map((row) => ({
      id: row.id,
      at: row.at,
      actorKind: row.actor_kind,
      actorId: row.actor_id,
      action: row.action,
      subjectKind: row.subject_kind,
      subjectId: row.subject_id,
      detail: JSON.parse(row.detail) as AuditDetail,
      reason: row.reason,
      requestId: row.request_id,
    }));
  }
}
