import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import {
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
  ApiTooManyRequestsResponse,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { ConfigOf } from '../../../../platform/config/index.js';
import { Drain, EventStream, RequireScope } from '../../../../platform/http/index.js';
import { newId } from '../../../../shared/ids.js';
import { Slots } from '../domain/slots.js';
import { type LogTailRequest, logTailQuerySchema } from '../dto/log-query.dto.js';
import { logQueryConfig } from '../log-query.config.js';
import { tooManyLogTails } from '../log-query.errors.js';
import { LogTail, type TailEvent } from './log-tail.js';
import { TailStore } from './tail.store.js';

const END_CHECK_INTERVAL_MS = 250;
const RETRY_AFTER_SECONDS = 10;

const EXAMPLE = `event: ready
data: {}

id: 0197c5a2-9a10-7c22-9b4d-63a2f7e8d901
event: line
data: {"id":"0197c5a2-9a10-7c22-9b4d-63a2f7e8d901","device_id":"sensor-17","log_level":"ERROR","message":"Connection timeout","log_data":null,"created_at":"2027-01-31T11:59:58.123Z","trace_id":null,"span_id":null}

event: dropped
data: {"count":312}
`;

@ApiTags('Logs')
@Controller('api/logs/tail')
export class TailController {
  private readonly slots: Slots;

  constructor(
    private readonly store: TailStore,
    private readonly drain: Drain,
    @Inject(logQueryConfig.token) private readonly config: ConfigOf<typeof logQueryConfig>,
  ) {
    this.slots = new Slots(config.concurrentTails);
  }

  @Get()
  @RequireScope('logs:read')
  @ApiOperation({
    summary: 'Follow the log live',
    description:
      'Events: `ready`, from which on every line is told that is committed and fits, in the order of the commits; ' +
      '`line`, as in `GET /api/logs` (`is_shortened` if it was too long to be sent with its data); `dropped` ' +
      '(`{count}`), so many lines are left out here, because they were too many or the client reads too slowly; ' +
      '`gap`, lines may be missing here, Redis was away for too long; `end` (`{reason}`), after ' +
      '`LOCKKEEPER_LOGS_TAIL_DURATION_MS`, an hour (`time_up`), ' +
      'or when the process stops (`shutdown`): open another.',
  })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({
    description: 'An event stream.',
    content: { 'text/event-stream': { schema: { type: 'string' }, example: EXAMPLE } },
  })
  @ApiTooManyRequestsResponse({ description: '`too_many_log_tails`, with `Retry-After`' })
  async follow(
    @Query({ schema: logTailQuerySchema }) { device_id, level, q }: LogTailRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const free = this.slots.tryTake();
    if (!free) throw tooManyLogTails({ retryAfterSeconds: RETRY_AFTER_SECONDS });
    try {
      const tail = new LogTail(this.store, { id: newId(), filter: { device_id, levels: level, text: q } });
      await tail.open();
      try {
        await this.send(tail, reply);
      } finally {
        await tail.close();
      }
    } finally {
      free();
    }
  }

  private async send(tail: LogTail, reply: FastifyReply): Promise<void> {
    const stream = new EventStream(reply);
    const ending = new AbortController();
    const startedAtMs = performance.now();
    const checking = setInterval(() => {
      if (this.drain.isStopping) ending.abort('shutdown');
      else if (performance.now() - startedAtMs > this.config.tailDurationMs) ending.abort('time_up');
    }, END_CHECK_INTERVAL_MS);
    try {
      await stream.send({}, { event: 'ready' });
      for await (const event of tail.events(AbortSignal.any([stream.gone, ending.signal]))) {
        await sendPatiently(stream, reply, event, this.config.tailPatienceMs);
        if (stream.gone.aborted) break;
      }
      if (ending.signal.aborted)
        await stream.send({ reason: ending.signal.reason as string }, { event: 'end' });
    } finally {
      clearInterval(checking);
      stream.end();
    }
  }
}

/** A client that does not take an event in time is given up. */
async function sendPatiently(
  stream: EventStream,
  reply: FastifyReply,
  event: TailEvent,
  patienceMs: number,
): Promise<void> {
  const patience = setTimeout(() => reply.raw.destroy(), patienceMs);
  try {
    if (event.type === 'line') await stream.send(event.text, { id: event.id, event: 'line' });
    else if (event.type === 'dropped') await stream.send({ count: event.count }, { event: 'dropped' });
    else await stream.send({}, { event: 'gap' });
  } finally {
    clearTimeout(patience);
  }
}
