import { Injectable, Logger } from '@nestjs/common';
import { Events } from '../../../platform/events/index.js';
import { DevicePages } from '../device-pages.js';
import { logsStored } from '../events/logs-stored.event.js';
import { quarantinedLogNotFound, quarantinedLogRefused } from '../logs.errors.js';
import { type QuarantinedItem, QuarantineRepository } from './quarantine.repository.js';

/** What operators do about logs that could not be stored. */
@Injectable()
export class LogQuarantine {
  private readonly logger = new Logger('LogQuarantine');

  constructor(
    private readonly repository: QuarantineRepository,
    private readonly pages: DevicePages,
    private readonly events: Events,
  ) {}

  /** The oldest first, after the one given. */
  list(limit: number, afterId?: string): Promise<QuarantinedItem[]> {
    return this.repository.list(limit, afterId);
  }

  /**
   * Stores what was refused, once the cause is mended. @returns how many lines.
   * @throws quarantined_log_not_found, or quarantined_log_refused with the reason.
   */
  async replay(id: string): Promise<number> {
    const outcome = await this.repository.replay(id);
    if (outcome.kind === 'unknown') throw quarantinedLogNotFound();
    if (outcome.kind === 'refused') throw quarantinedLogRefused({ detail: outcome.error });
    const deviceIds = [...new Set(outcome.rows.map((row) => row[2]))];
    await this.pages.invalidate(deviceIds);
    this.events.emit(logsStored, { deviceIds, count: outcome.rows.length });
    this.logger.log('quarantined logs were stored', { quarantine_id: id, lines: outcome.rows.length });
    return outcome.rows.length;
  }

  /** Gives up what was refused. @throws quarantined_log_not_found */
  async discard(id: string, reason: string): Promise<void> {
    if (!(await this.repository.discard(id, reason))) throw quarantinedLogNotFound();
    this.logger.warn('quarantined logs were discarded', { quarantine_id: id, reason });
  }
}
