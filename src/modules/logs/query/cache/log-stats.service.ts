import { Inject, Injectable } from '@nestjs/common';
import { CACHE_REDIS, CacheBreaker, type RedisClient } from '../../../../platform/redis/index.js';
import { type LogStatsDto, logStatsSchema } from '../dto/device-page.dto.js';
import { LogStatsRepository } from './log-stats.repository.js';
import { SharedLoads } from './shared-loads.js';

const CACHE_KEY = 'cache:stats';
const CACHE_TTL_SECONDS = 60;

/** What is stored, in numbers that may be a minute old. */
@Injectable()
export class LogStats {
  private readonly loads = new SharedLoads<LogStatsDto>();

  constructor(
    @Inject(CACHE_REDIS) private readonly redis: RedisClient,
    private readonly breaker: CacheBreaker,
    private readonly repository: LogStatsRepository,
  ) {}

  /** The cached numbers, or new ones; those who ask at the same time share them. */
  read(): Promise<LogStatsDto> {
    return this.loads.run(CACHE_KEY, async () => (await this.readCached()) ?? this.load());
  }

  private async readCached(): Promise<LogStatsDto | undefined> {
    const text = await this.breaker.attempt(() => this.redis.get(CACHE_KEY));
    return text ? logStatsSchema.parse(JSON.parse(text)) : undefined;
  }

  private async load(): Promise<LogStatsDto> {
    const [{ total, byLevel }, devices] = await Promise.all([
      this.repository.countLines(),
      this.repository.listActiveDevices(),
    ]);
    const stats: LogStatsDto = {
      total_logs: total,
      logs_by_level: Object.fromEntries([...byLevel].filter(([, count]) => count > 0)),
      recent_devices: devices,
    };
    await this.breaker.attempt(() =>
      this.redis.set(CACHE_KEY, JSON.stringify(stats), 'EX', CACHE_TTL_SECONDS),
    );
    return stats;
  }
}
