import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { CurrentPrincipal, type Principal, RequireScope } from '../../platform/http/index.js';
import { idSchema } from '../../shared/ids.js';
import { type PageQuery, pageQuerySchema, toPage } from './dto/page.dto.js';
import {
  type ChangeUser,
  changeUserSchema,
  type CreateUser,
  createUserSchema,
  toUserAnswer,
  type UserAnswer,
  type UserPage,
  userPageSchema,
  userSchema,
} from './dto/user.dto.js';
import { UserService } from './user.service.js';

/** All accounts, for administrators. */
@ApiTags('Users')
@ApiBearerAuth()
@Controller('api/users')
@RequireScope('administration')
export class UserController {
  constructor(private readonly users: UserService) {}

  @Get()
  @ApiOperation({ summary: 'List users', description: 'From the newest on.' })
  @ApiOkResponse({ standardSchema: userPageSchema })
  async list(@Query({ schema: pageQuerySchema }) query: PageQuery): Promise<UserPage> {
    const rows = await this.users.listUsers(query.limit + 1, query.cursor);
    return toPage(rows, query.limit, toUserAnswer);
  }

  @Post()
  @ApiOperation({ summary: 'Make an account for somebody' })
  @ApiCreatedResponse({ standardSchema: userSchema })
  @ApiConflictResponse({ description: '`email_taken`' })
  async create(
    @Body({ schema: createUserSchema }) body: CreateUser,
    @CurrentPrincipal() principal: Principal,
  ): Promise<UserAnswer> {
    return toUserAnswer(await this.users.createUser(body, principal.userId));
  }

  @Patch(':id')
  @ApiOperation({
    summary: "Change a user's role, or disable or enable the user",
    description:
      'Disabling ends all sessions at once and lets API keys sleep. A changed role counts within seconds.',
  })
  @ApiOkResponse({ standardSchema: userSchema })
  @ApiNotFoundResponse({ description: '`user_not_found`' })
  @ApiConflictResponse({ description: '`last_administrator`' })
  async change(
    @Param('id', { schema: idSchema }) id: string,
    @Body({ schema: changeUserSchema }) body: ChangeUser,
    @CurrentPrincipal() principal: Principal,
  ): Promise<UserAnswer> {
    return toUserAnswer(
      await this.users.changeUser(id, { role: body.role, isDisabled: body.is_disabled }, principal.userId),
    );
  }
}
