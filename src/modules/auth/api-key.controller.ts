import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiForbiddenResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { CurrentPrincipal, type Principal, RequireScope } from '../../platform/http/index.js';
import { idSchema } from '../../shared/ids.js';
import { ApiKeyService } from './api-key.service.js';
import {
  type ApiKeyPage,
  apiKeyPageSchema,
  type CreateApiKey,
  createApiKeySchema,
  type CreatedApiKey,
  createdApiKeySchema,
  toApiKeyAnswer,
} from './dto/api-key.dto.js';
import { type PageQuery, pageQuerySchema, toPage } from './dto/page.dto.js';

/** A user's own API keys. Only for signed-in users: a key can make no keys. */
@ApiTags('API keys')
@ApiBearerAuth()
@Controller('api/api-keys')
@RequireScope('account')
export class ApiKeyController {
  constructor(private readonly keys: ApiKeyService) {}

  @Get()
  @ApiOperation({ summary: 'List your API keys', description: 'From the newest on, revoked ones too.' })
  @ApiOkResponse({ standardSchema: apiKeyPageSchema })
  async list(
    @Query({ schema: pageQuerySchema }) query: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ApiKeyPage> {
    const rows = await this.keys.listKeys(principal.userId, query.limit + 1, query.cursor);
    return toPage(rows, query.limit, toApiKeyAnswer);
  }

  @Post()
  @ApiOperation({
    summary: 'Make an API key',
    description: 'The key is in the answer and nowhere else. Send it as `Authorization: Bearer lk_…`.',
  })
  @ApiCreatedResponse({ standardSchema: createdApiKeySchema })
  @ApiForbiddenResponse({ description: '`scope_not_grantable`' })
  @ApiConflictResponse({ description: '`too_many_api_keys`: at most 100 live ones' })
  async create(
    @Body({ schema: createApiKeySchema }) body: CreateApiKey,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CreatedApiKey> {
    const { key, secret } = await this.keys.createKey(principal.userId, {
      name: body.name,
      scopes: body.scopes,
      expiresAt: body.expires_at === undefined ? undefined : new Date(body.expires_at),
    });
    return { ...toApiKeyAnswer(key), api_key: secret };
  }

  @Delete(':id')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({ summary: 'Revoke an API key', description: 'At once and for good. May be repeated.' })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: '`api_key_not_found`' })
  async revoke(
    @Param('id', { schema: idSchema }) id: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    await this.keys.revokeKey(principal.userId, id);
  }
}
