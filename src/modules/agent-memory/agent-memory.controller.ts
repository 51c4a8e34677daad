import {
  applyDecorators,
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  HttpStatus,
  Param,
  Post,
  Put,
  Query,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiConflictResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiPayloadTooLargeResponse,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import {
  CurrentPrincipal,
  decodeCursor,
  encodeCursor,
  type Principal,
  readIdempotencyKey,
  RequireScope,
} from '../../platform/http/index.js';
import { AgentMemory, type ChangeOptions } from './agent-memory.service.js';
import {
  type AgentParams,
  agentParamsSchema,
  type AppendMemory,
  appendMemorySchema,
  type IncrementMemory,
  incrementMemorySchema,
  type MemoryAnswer,
  memoryCursorSchema,
  type MemoryPage,
  memoryPageSchema,
  type MemoryParams,
  memoryParamsSchema,
  type MemoryQuery,
  memoryQuerySchema,
  memorySchema,
  type PutMemory,
  putMemorySchema,
  toMemoryAnswer,
} from './dto/agent-memory.dto.js';

/** What all routes have that change a value. */
function ChangesMemory(): MethodDecorator {
  return applyDecorators(
    HttpCode(HttpStatus.OK),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: 'Two changes under one key within ten minutes are made once: for retries.',
      schema: { type: 'string', maxLength: 255 },
    }),
    ApiOkResponse({ standardSchema: memorySchema }),
    ApiConflictResponse({
      description: '`memory_version_conflict` (`details.version`), `memory_kind_mismatch`, `memory_full`',
    }),
    ApiPayloadTooLargeResponse({ description: '`memory_value_too_large`' }),
    ApiUnprocessableEntityResponse({
      description: '`memory_idempotency_key_reused`, `idempotency_key_invalid`',
    }),
  );
}

/** What agents note down for a while: under keys of their own, each user's and agent's apart from all others'. */
@ApiTags('Agent memory')
@ApiBearerAuth()
@ApiServiceUnavailableResponse({ description: '`memory_unavailable`: Redis is away' })
@Controller('api/agents/:agent/memory')
@RequireScope('memory')
export class AgentMemoryController {
  constructor(private readonly memory: AgentMemory) {}

  @Get()
  @ApiOperation({ summary: 'List what an agent remembers', description: 'Without the values.' })
  @ApiOkResponse({ standardSchema: memoryPageSchema })
  async list(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: agentParamsSchema }) { agent }: AgentParams,
    @Query({ schema: memoryQuerySchema }) { prefix, limit, cursor }: MemoryQuery,
  ): Promise<MemoryPage> {
    const [after] = cursor === undefined ? [] : decodeCursor(cursor, memoryCursorSchema);
    const { items, lastKey } = await this.memory.list({ userId, agent }, prefix, after, limit);
    return {
      items: items.map(({ key, version, bytes, expiresAtMs }) => ({
        key,
        version,
        bytes,
        expires_at: new Date(expiresAtMs).toISOString(),
      })),
      next_cursor: lastKey === undefined ? null : encodeCursor([lastKey]),
    };
  }

  @Get(':key')
  @ApiOperation({ summary: 'Read a value' })
  @ApiOkResponse({ standardSchema: memorySchema })
  @ApiNotFoundResponse({ description: '`memory_not_found`' })
  async get(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: memoryParamsSchema }) { agent, key }: MemoryParams,
  ): Promise<MemoryAnswer> {
    return toMemoryAnswer(await this.memory.get({ userId, agent }, key));
  }

  @Put(':key')
  @ChangesMemory()
  @ApiOperation({
    summary: 'Keep a value',
    description: 'In place of what was there; with `if_version` only if that is still what you have read.',
  })
  async put(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: memoryParamsSchema }) { agent, key }: MemoryParams,
    @Body({ schema: putMemorySchema }) { value, ...options }: PutMemory,
    @Headers('idempotency-key') header: string | undefined,
  ): Promise<MemoryAnswer> {
    return toMemoryAnswer(await this.memory.put({ userId, agent }, key, value, toOptions(options, header)));
  }

  @Post(':key/append')
  @ChangesMemory()
  @ApiOperation({ summary: 'Add to a list or a text', description: 'Makes it if there is none.' })
  async append(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: memoryParamsSchema }) { agent, key }: MemoryParams,
    @Body({ schema: appendMemorySchema }) { items, text = '', ...options }: AppendMemory,
    @Headers('idempotency-key') header: string | undefined,
  ): Promise<MemoryAnswer> {
    const of = { userId, agent };
    const change = toOptions(options, header);
    return toMemoryAnswer(
      items
        ? await this.memory.appendItems(of, key, items, change)
        : await this.memory.appendText(of, key, text, change),
    );
  }

  @Post(':key/increment')
  @ChangesMemory()
  @ApiOperation({ summary: 'Add to a whole number', description: 'What is not there is 0.' })
  async increment(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: memoryParamsSchema }) { agent, key }: MemoryParams,
    @Body({ schema: incrementMemorySchema }) { by, ...options }: IncrementMemory,
    @Headers('idempotency-key') header: string | undefined,
  ): Promise<MemoryAnswer> {
    return toMemoryAnswer(
      await this.memory.increment({ userId, agent }, key, by, toOptions(options, header)),
    );
  }

  @Delete(':key')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({ summary: 'Forget a value' })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: '`memory_not_found`' })
  async delete(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: memoryParamsSchema }) { agent, key }: MemoryParams,
  ): Promise<void> {
    await this.memory.delete({ userId, agent }, key);
  }
}

function toOptions(
  { ttl_seconds, if_version }: { ttl_seconds?: number | undefined; if_version?: number | undefined },
  header: string | undefined,
): ChangeOptions {
  return {
    ttlSeconds: ttl_seconds,
    ifVersion: if_version,
    idempotencyKey: header === undefined ? undefined : readIdempotencyKey(header),
  };
}
