import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DatabaseProbe } from '../../../platform/database/index.js';
import { SharedMetrics } from '../../../platform/metrics/index.js';
import {
  answerWithin,
  DURABLE_REDIS,
  RedisBreaker,
  type RedisClient,
} from '../../../platform/redis/index.js';

/** Shorter than a scrape waits for a source, so that a server that hangs is shown as down and not left out. */
const ANSWER_TIMEOUT_MS = 150;
const PROBE_KEY = 'lockkeeper:metrics-probe';
const PROBE_KEY_TTL_SECONDS = 60;

/** Shows Prometheus, at each scrape, whether MySQL and Redis can be worked with, and how full Redis is. */
@Injectable()
export class ServerGauges implements OnModuleInit {
  constructor(
    private readonly metrics: SharedMetrics,
    private readonly database: DatabaseProbe,
    private readonly breaker: RedisBreaker,
    @Inject(DURABLE_REDIS) private readonly redis: RedisClient,
  ) {}

  onModuleInit(): void {
    this.metrics.register({
      name: 'MySQL',
      gauges: { lockkeeper_mysql_up: 'Whether MySQL answers (1) or not (0).' },
      read: async () => ({ lockkeeper_mysql_up: (await succeeds(() => this.askDatabase())) ? 1 : 0 }),
    });
    this.metrics.register({
      name: 'Redis',
      gauges: {
        lockkeeper_redis_up: 'Whether Redis takes writes (1) or not (0).',
        lockkeeper_redis_memory_bytes: 'How much memory the data of Redis takes.',
        lockkeeper_redis_memory_limit_bytes: 'How much it may take; absent if there is no limit.',
      },
      read: () => this.readRedis(),
    });
  }

  private askDatabase(): Promise<unknown> {
    return this.database.query('SELECT 1', ANSWER_TIMEOUT_MS);
  }

  private async readRedis() {
    const isUp = await succeeds(() =>
      this.breaker.run(() => this.redis.set(PROBE_KEY, '1', 'EX', PROBE_KEY_TTL_SECONDS)),
    );
    // A Redis that is full takes no writes and says how full it is.
    const memory = await answerWithin(ANSWER_TIMEOUT_MS / 2, () => this.redis.info('memory')).catch(() => '');
    const bytesOf = (name: string) => {
      const text = new RegExp(`^${name}:(\\d+)`, 'm').exec(memory)?.[1];
      return text === undefined ? undefined : Number(text);
    };
    return {
      lockkeeper_redis_up: isUp ? 1 : 0,
      lockkeeper_redis_memory_bytes: bytesOf('used_memory'),
      // Redis says 0 if there is no limit.
      lockkeeper_redis_memory_limit_bytes: bytesOf('maxmemory') || undefined,
    };
  }
}

/** Whether a question is answered, and soon. */
async function succeeds(ask: () => Promise<unknown>): Promise<boolean> {
  return answerWithin(ANSWER_TIMEOUT_MS, ask).then(
    () => true,
    () => false,
  );
}
