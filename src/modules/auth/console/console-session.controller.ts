import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Ip, Post, Req, Res } from '@nestjs/common';
import {
  ApiCookieAuth,
  ApiForbiddenResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiTooManyRequestsResponse,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentPrincipal, type Principal, Public, RequireScope } from '../../../platform/http/index.js';
import { authenticationRequired } from '../auth.errors.js';
import { refuseOtherSites } from '../caller-check.js';
import { type SignIn, signInSchema } from '../dto/auth.dto.js';
import { clearConsoleCookie, consoleSecretOf, isOverTls, setConsoleCookie } from './console-cookie.js';
import {
  type ConsoleSessionAnswer,
  consoleSessionSchema,
  toConsoleSessionAnswer,
} from './console-session.dto.js';
import { ConsoleSessions } from './console-session.service.js';

/** Signing in and out of the console: a session whose secret is in a cookie that no script can read. */
@ApiTags('Signing in')
@Controller('api/console/session')
export class ConsoleSessionController {
  constructor(private readonly sessions: ConsoleSessions) {}

  @Post()
  @Public()
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Sign in to the console',
    description:
      'Sets a cookie, which every route takes in place of the header `Authorization`. A request by cookie that is ' +
      'neither GET nor HEAD needs the header `X-CSRF-Token`. The cookie that was there before is not gone on with; ' +
      'its session is ended.',
  })
  @ApiOkResponse({ standardSchema: consoleSessionSchema })
  @ApiUnauthorizedResponse({ description: '`credentials_invalid`' })
  @ApiForbiddenResponse({ description: '`cross_site_request`' })
  @ApiTooManyRequestsResponse({ description: '`too_many_attempts`, with `Retry-After`' })
  async signIn(
    @Body({ schema: signInSchema }) body: SignIn,
    @Ip() address: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ConsoleSessionAnswer> {
    refuseOtherSites(request.headers);
    const former = consoleSecretOf(request.headers, isOverTls(request));
    const session = await this.sessions.signIn(body, address, former);
    setConsoleCookie(request, reply, session.secret, session.expiresAt);
    return answer(session, reply);
  }

  @Get()
  @RequireScope('account')
  @ApiCookieAuth()
  @ApiOperation({
    summary: 'See who is signed in to the console',
    description: 'Gives the CSRF token again.',
  })
  @ApiOkResponse({ standardSchema: consoleSessionSchema })
  async read(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ConsoleSessionAnswer> {
    const secret = consoleSecretOf(request.headers, isOverTls(request));
    if (secret === undefined || request.headers.authorization !== undefined) throw authenticationRequired();
    return answer(await this.sessions.describe(secret), reply);
  }

  @Delete()
  @RequireScope('account')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiCookieAuth()
  @ApiOperation({ summary: 'Sign out of the console', description: 'The cookie is refused from then on.' })
  @ApiNoContentResponse()
  async signOut(
    @CurrentPrincipal() principal: Principal,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.sessions.signOut(principal);
    clearConsoleCookie(request, reply);
  }
}

/** No cache may keep a CSRF token. */
function answer(
  session: Parameters<typeof toConsoleSessionAnswer>[0],
  reply: FastifyReply,
): ConsoleSessionAnswer {
  reply.header('cache-control', 'no-store');
  return toConsoleSessionAnswer(session);
}
