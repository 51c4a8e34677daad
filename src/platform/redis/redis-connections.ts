import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigOf } from '../config/index.js';
import { connect, failFastOptions, type RedisClient, settled, waitingOptions } from './redis-clients.js';
import { redisConfig } from './redis.config.js';

/**
 * Opens connections to the durable Redis for those who need one of their own: for reads that block, or for so much
 * data that others would have to wait behind it. They are closed when the process stops.
 */
@Injectable()
export class RedisConnections implements OnApplicationShutdown {
  private readonly logger = new Logger('Redis');
  private readonly clients = new Set<RedisClient>();

  constructor(@Inject(redisConfig.token) private readonly config: ConfigOf<typeof redisConfig>) {}

  /** A connection that fails at once while Redis is away. The breaker says when that is, so it tells nobody else. */
  openFailFast(): Promise<RedisClient> {
    return settled(
      this.keep(
        connect(this.config.durableUrl, failFastOptions(this.config.commandTimeoutMs), () => undefined),
      ),
    );
  }

  /** A connection whose commands wait for Redis for as long as it takes. `purpose` is for the log. */
  openWaiting(purpose: string): RedisClient {
    return this.keep(
      connect(this.config.durableUrl, waitingOptions(), (error) =>
        this.logger.debug(`the connection for ${purpose} is lost`, { reason: error.message }),
      ),
    );
  }

  close(client: RedisClient): void {
    this.clients.delete(client);
    client.disconnect();
  }

  onApplicationShutdown(): void {
    for (const client of this.clients) client.disconnect();
  }

  private keep(client: RedisClient): RedisClient {
    this.clients.add(client);
    return client;
  }
}
