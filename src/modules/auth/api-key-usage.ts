import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../shared/clock.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { TtlCache } from './domain/ttl-cache.js';

const INTERVAL_MS = 60_000;
const MAX_REMEMBERED_KEYS = 10_000;

/** Keeps `last_used_at` of the keys right to a minute, without a request waiting for it. */
@Injectable()
export class ApiKeyUsage {
  private readonly logger = new Logger('ApiKeyUsage');
  private readonly recentlyNoted: TtlCache<string, true>;

  constructor(
    private readonly keys: ApiKeyRepository,
    private readonly clock: Clock,
  ) {
    this.recentlyNoted = new TtlCache(INTERVAL_MS, MAX_REMEMBERED_KEYS, () => clock.nowMs());
  }

  /** Notes that a key is being used; writes it down in the background, at most once a minute for each key. */
  note(keyId: string): void {
    if (this.recentlyNoted.get(keyId)) return;
    this.recentlyNoted.set(keyId, true);
    const nowMs = this.clock.nowMs();
    this.keys.noteUse(keyId, new Date(nowMs), new Date(nowMs - INTERVAL_MS)).catch((error: unknown) => {
      this.logger.warn('The last use of a key could not be written down.', { key_id: keyId }, error);
    });
  }
}
