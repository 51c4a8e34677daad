import { Injectable } from '@nestjs/common';
import { type AuditEvent, AuditLog } from '../../audit/index.js';
import { quarantinedLogNotFound } from '../logs.errors.js';
import { type QuarantinedItem, QuarantineRepository } from './quarantine.repository.js';
import { LogQuarantine } from './quarantine.service.js';

/**
 * What operators do about logs that could not be stored. It is in the audit log before it is done: if it then fails, a
 * second entry says so.
 */
@Injectable()
export class QuarantineOperations {
  constructor(
    private readonly repository: QuarantineRepository,
    private readonly quarantine: LogQuarantine,
    private readonly audit: AuditLog,
  ) {}

  /** The oldest first, after the one given. */
  list(limit: number, afterId?: string): Promise<QuarantinedItem[]> {
    return this.quarantine.list(limit, afterId);
  }

  /** @returns how many lines are stored. @throws quarantined_log_not_found, quarantined_log_refused */
  replay(operatorId: string, id: string): Promise<number> {
    return this.act({ operatorId, id, action: 'quarantined_log.replayed' }, () => this.quarantine.replay(id));
  }

  /** @throws quarantined_log_not_found */
  async discard(operatorId: string, id: string, reason: string): Promise<void> {
    await this.act({ operatorId, id, action: 'quarantined_log.discarded', reason }, () =>
      this.quarantine.discard(id, reason),
    );
  }

  private async act<T>(
    deed: { operatorId: string; id: string; action: AuditEvent['action']; reason?: string },
    work: () => Promise<T>,
  ): Promise<T> {
    const { operatorId, id, action, reason } = deed;
    if (!(await this.repository.has(id))) throw quarantinedLogNotFound();
    const event = {
      actor: { kind: 'operator', id: operatorId },
      subjectKind: 'quarantined_log',
      subjectId: id,
      reason,
    } as const;
    await this.audit.record({ ...event, action });
    try {
      return await work();
    } catch (error) {
      await this.audit.record({ ...event, action: 'quarantined_log.operation_failed', detail: { action } });
      throw error;
    }
  }
}
