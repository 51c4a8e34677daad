import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { serviceUnavailable } from '../../../platform/errors/index.js';
import { Drain, Public } from '../../../platform/http/index.js';
import { type HealthReport, healthReportSchema, liveSchema, readySchema } from './health.dto.js';
import { HealthService } from './health.service.js';

/** What monitors, load balancers and container engines ask. */
@ApiTags('Health')
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthService,
    private readonly drain: Drain,
  ) {}

  @Get()
  @Public()
  @Header('cache-control', 'no-store')
  @ApiOperation({
    summary: 'How the service is, part by part',
    description: 'While MySQL or Redis is away it is degraded; while both are, it cannot serve (503).',
  })
  @ApiOkResponse({ description: 'It serves: ok or degraded.', standardSchema: healthReportSchema })
  @ApiServiceUnavailableResponse({ description: 'It cannot serve.', standardSchema: healthReportSchema })
  async show(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    const report = await this.health.report();
    reply.status(report.status === 'error' ? 503 : 200);
    return report;
  }

  @Get('live')
  @Public()
  @Header('cache-control', 'no-store')
  @ApiOperation({
    summary: 'Whether the process answers',
    description: 'Asks nothing of MySQL or Redis. If it fails, restart the process.',
  })
  @ApiOkResponse({ description: 'It answers.', standardSchema: liveSchema })
  live() {
    return { status: 'ok' };
  }

  @Get('ready')
  @Public()
  @Header('cache-control', 'no-store')
  @ApiOperation({
    summary: 'Whether to send requests here',
    description:
      'No while MySQL is away, since no turn can begin, or the process is stopping. Otherwise yes.',
  })
  @ApiOkResponse({ description: 'Send them.', standardSchema: readySchema })
  async ready() {
    if (this.drain.isStopping) {
      throw serviceUnavailable({ detail: 'This process is stopping.', retryAfterSeconds: 1 });
    }
    const report = await this.health.report();
    if (report.details['mysql']?.status === 'down') {
      throw serviceUnavailable({ detail: report.reasons?.join(' '), retryAfterSeconds: 1 });
    }
    return { status: 'ready' };
  }
}
