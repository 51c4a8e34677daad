import { Injectable, type OnModuleInit } from '@nestjs/common';
import { SharedMetrics } from '../../../platform/metrics/index.js';
import { processStates } from '../domain/process-state.js';
import { DiskWatch } from '../health/disk-watch.js';
import { RedisWatch } from '../health/redis-watch.js';
import { ProcessWatch } from '../processes/process-watch.js';

const roles = ['api', 'worker'] as const;

/** Shows Prometheus, at each scrape, how the processes, Redis and the disk are, as the health report has it. */
@Injectable()
export class WatchGauges implements OnModuleInit {
  constructor(
    private readonly metrics: SharedMetrics,
    private readonly processes: ProcessWatch,
    private readonly redis: RedisWatch,
    private readonly disk: DiskWatch,
  ) {}

  onModuleInit(): void {
    this.metrics.register({
      name: 'the processes',
      gauges: { lockkeeper_processes: 'Processes of all machines by their heartbeats, by role and state.' },
      read: () => this.readProcesses(),
    });
    this.metrics.register({
      name: 'the durability of Redis',
      gauges: {
        lockkeeper_redis_evicting: 'Whether Redis may throw away what it is to keep (1) or not (0).',
        lockkeeper_redis_durable: 'Whether Redis writes its append-only file (1) or not (0).',
      },
      read: async () => {
        const { evictionPolicy, isAofOn, isAofWritten } = await this.redis.condition.read();
        return {
          lockkeeper_redis_evicting:
            evictionPolicy === null ? undefined : evictionPolicy === 'noeviction' ? 0 : 1,
          lockkeeper_redis_durable: isAofOn && isAofWritten ? 1 : 0,
        };
      },
    });
    this.metrics.register({
      name: 'the disk',
      gauges: {
        lockkeeper_disk_free_bytes: 'Room on the disk of the data directory of this machine.',
        lockkeeper_disk_size_bytes: 'Size of the disk of the data directory of this machine.',
      },
      read: async () => {
        const { freeBytes, totalBytes } = await this.disk.room.read();
        return { lockkeeper_disk_free_bytes: freeBytes, lockkeeper_disk_size_bytes: totalBytes };
      },
    });
  }

  private async readProcesses() {
    const known = await this.processes.read();
    return {
      lockkeeper_processes: roles.flatMap((role) =>
        processStates.map((state) => ({
          labels: { role, state },
          value: known.filter((process) => process.role === role && process.state === state).length,
        })),
      ),
    };
  }
}
