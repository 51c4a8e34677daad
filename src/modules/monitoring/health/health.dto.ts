import { z } from 'zod';

const partHealth = z
  .looseObject({
    status: z
      .enum(['up', 'degraded', 'down'])
      .meta({ description: 'down: it cannot be used, as a MySQL or a Redis that is away.' }),
    message: z.string().optional().meta({ description: 'What is wrong, if something is.' }),
  })
  .meta({ description: 'One part of the service; further figures depend on the part.' });

export const healthReportSchema = z.object({
  status: z.enum(['ok', 'degraded', 'error']).meta({
    description:
      'ok; degraded: something is wrong, but what runs goes on; error: it cannot serve (answered with 503).',
    example: 'ok',
  }),
  message: z.string().meta({ example: 'Service is running' }),
  queue_size: z.int().nullable().meta({
    description: 'Work that waits or runs in the background; null while Redis cannot tell.',
    example: 5,
  }),
  workers_active: z.int().nullable().meta({
    description: 'Live worker processes; null while MySQL cannot tell.',
    example: 3,
  }),
  reasons: z
    .array(z.string())
    .optional()
    .meta({ description: 'Why it is not ok.', example: ['No worker is alive.'] }),
  details: z.record(z.string(), partHealth).meta({
    example: {
      mysql: { status: 'up', response_time_ms: 1 },
      redis: {
        status: 'up',
        response_time_ms: 1,
        eviction_policy: 'noeviction',
        is_aof_on: true,
        is_aof_written: true,
        used_memory_bytes: 2_600_000,
        memory_limit_bytes: null,
      },
      queues: { status: 'up', waiting: 4, active: 1, delayed: 0, failed: 0 },
      workers: {
        status: 'up',
        active: 3,
        stuck: 0,
        lost: 0,
        api_processes: 4,
        bullmq_connections: 3,
      },
      disk: { status: 'up', free_bytes: 81_000_000_000, total_bytes: 250_000_000_000 },
    },
  }),
});

export type HealthReport = z.infer<typeof healthReportSchema>;
export type PartHealth = z.infer<typeof partHealth>;

export const liveSchema = z.object({ status: z.literal('ok') });
export const readySchema = z.object({ status: z.literal('ready') });
