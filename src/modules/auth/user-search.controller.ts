import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { decodeCursor, encodeCursor, RequireScope } from '../../platform/http/index.js';
import { idSchema } from '../../shared/ids.js';
import { toUserAnswer, type UserPage, userPageSchema } from './dto/user.dto.js';
import { type UserSearchQuery, userSearchQuerySchema } from './dto/user-search.dto.js';
import { type User, UserService } from './user.service.js';

/** By id if all are listed, by address if some are searched for. */
const position = z.tuple([z.string().min(1).max(254)]);

/** For operators, who look for the user whom a ticket is about. */
@ApiTags('Operations')
@ApiBearerAuth()
@Controller('api/admin/users')
@RequireScope('operations')
export class UserSearchController {
  constructor(private readonly users: UserService) {}

  @Get()
  @ApiOperation({ summary: 'Find users by the beginning of their address, or by id' })
  @ApiOkResponse({ standardSchema: userPageSchema })
  async search(@Query({ schema: userSearchQuerySchema }) query: UserSearchQuery): Promise<UserPage> {
    const { q, limit } = query;
    const [after] = query.cursor === undefined ? [] : decodeCursor(query.cursor, position);
    const id = idSchema.safeParse(q);
    if (id.success) {
      const user = await this.users.lookUpUser(id.data);
      return { items: user ? [toUserAnswer(user)] : [], next_cursor: null };
    }
    return q === undefined
      ? toPage(await this.users.listUsers(limit + 1, after), limit, ({ id: last }) => last)
      : toPage(await this.users.searchUsers(q, limit + 1, after), limit, ({ email }) => email);
  }
}

function toPage(rows: readonly User[], limit: number, placeOf: (user: User) => string): UserPage {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(toUserAnswer),
    next_cursor: rows.length > page.length && last ? encodeCursor([placeOf(last)]) : null,
  };
}
