import { Controller, Get, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
  ApiTooManyRequestsResponse,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Drain, EventStream, RequireScope } from '../../../platform/http/index.js';
import { tooManyLiveStreams } from '../monitoring.errors.js';
import { LiveFeed } from './live-feed.js';
import { type Overview, overviewSchema } from './overview.dto.js';
import { OverviewService } from './overview.service.js';

const MAX_STREAMS = 50;
const RETRY_AFTER_SECONDS = 10;
/** Whoever listens for longer shows again who they are, as a browser does by itself. */
const LONGEST_MS = 15 * 60_000;
const END_CHECK_INTERVAL_MS = 250;
/** A client that takes nothing for so long is given up. */
const PATIENCE_MS = 30_000;

const EXAMPLE = `event: overview
data: {"at":"2027-01-31T12:00:00.000Z","verdicts":{"flow":{"state":"ok",…},…},…}

event: end
data: {"reason":"shutdown"}
`;

/** How the product is, for operators. All of it works while Redis or MySQL is away. */
@ApiTags('Operations')
@ApiBearerAuth()
@Controller('api/admin')
@RequireScope('operations')
export class OverviewController {
  private streams = 0;

  constructor(
    private readonly overview: OverviewService,
    private readonly feed: LiveFeed,
    private readonly drain: Drain,
  ) {}

  @Get('overview')
  @ApiOperation({
    summary: 'See how it is: three verdicts, and the figures behind them',
    description:
      'Does work get through (`flow`), does what runs end well (`execution`), do the processes live (`liveness`); each ' +
      'with the reason and what to do. It comes within a second whatever hangs; what cannot be known then is null.',
  })
  @ApiOkResponse({ standardSchema: overviewSchema })
  read(): Promise<Overview> {
    return this.overview.read();
  }

  @Get('live')
  @ApiOperation({
    summary: 'Follow the overview live',
    description:
      'Events: `overview`, at once and then every 2 s, as `GET /api/admin/overview` answers it; `end` (`{reason}`), ' +
      'after 15 minutes (`time_up`) or when the process stops (`shutdown`): open another.',
  })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({
    description: 'An event stream.',
    content: { 'text/event-stream': { schema: { type: 'string' }, example: EXAMPLE } },
  })
  @ApiTooManyRequestsResponse({ description: '`too_many_live_streams`, with `Retry-After`' })
  async follow(@Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    if (this.streams >= MAX_STREAMS) throw tooManyLiveStreams({ retryAfterSeconds: RETRY_AFTER_SECONDS });
    this.streams++;
    try {
      await this.send(reply);
    } finally {
      this.streams--;
    }
  }

  private async send(reply: FastifyReply): Promise<void> {
    const stream = new EventStream(reply);
    let sendingSinceMs: number | undefined;
    const stopListening = this.feed.listen((overviewJson) => {
      // A client that still takes the last one gets the next one.
      if (sendingSinceMs !== undefined) return;
      sendingSinceMs = performance.now();
      void stream.send(overviewJson, { event: 'overview' }).finally(() => (sendingSinceMs = undefined));
    });
    try {
      const reason = await this.awaitEnd(stream, () => {
        const isMute = sendingSinceMs !== undefined && performance.now() - sendingSinceMs > PATIENCE_MS;
        if (isMute) reply.raw.destroy();
      });
      if (reason !== 'gone') await stream.send({ reason }, { event: 'end' });
    } finally {
      stopListening();
      stream.end();
    }
  }

  /** Waits until the client has gone or the stream is to end; calls `check` a few times a second. */
  private awaitEnd(stream: EventStream, check: () => void): Promise<'gone' | 'shutdown' | 'time_up'> {
    const startedAtMs = performance.now();
    return new Promise((resolve) => {
      const end = (reason: 'gone' | 'shutdown' | 'time_up') => {
        clearInterval(checking);
        resolve(reason);
      };
      const checking = setInterval(() => {
        check();
        if (this.drain.isStopping) end('shutdown');
        else if (performance.now() - startedAtMs > LONGEST_MS) end('time_up');
      }, END_CHECK_INTERVAL_MS);
      if (stream.gone.aborted) end('gone');
      else stream.gone.addEventListener('abort', () => end('gone'), { once: true });
    });
  }
}
