import { Inject, Injectable, Logger } from '@nestjs/common';
import { DURABLE_REDIS, RedisBreaker, type RedisClient } from '../../platform/redis/index.js';

/** Longer than any page is cached. */
const VERSION_TTL_SECONDS = 600;

/** The cached pages of devices: each carries the version that the device had when it was read. */
@Injectable()
export class DevicePages {
  private readonly logger = new Logger('Logs');

  constructor(
    @Inject(DURABLE_REDIS) private readonly redis: RedisClient,
    private readonly breaker: RedisBreaker,
  ) {}

  /** Makes the cached pages of these devices stale. While Redis is away nothing can be read from it either. */
  async invalidate(deviceIds: readonly string[]): Promise<void> {
    if (deviceIds.length === 0 || this.breaker.isOpen) return;
    const pipeline = this.redis.pipeline();
    for (const deviceId of deviceIds) {
      const key = `cache:logs:version:${deviceId}`;
      pipeline.incr(key).expire(key, VERSION_TTL_SECONDS);
    }
    try {
      await this.breaker.run(() => pipeline.exec());
    } catch (error) {
      this.logger.warn('the cached pages of devices could not be made stale', { reason: String(error) });
    }
  }
}
