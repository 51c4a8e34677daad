import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { AppError, serviceUnavailable } from '../../platform/errors/index.js';
import { httpConfig, type Principal, type Scope } from '../../platform/http/index.js';
import {
  type Namespace,
  type Socket,
  socketErrorBody,
  tooManyConnections,
  toSocketError,
  websocketConfig,
} from '../../platform/websocket/index.js';
import { authenticationRequired, scopeMissing } from './auth.errors.js';
import { AuthenticationService } from './authentication.service.js';
import { refuseForged } from './caller-check.js';
import { consoleSecretOf } from './console/console-cookie.js';
import { tokenOf } from './domain/credentials.js';

const CHECKED_AT_ONCE = 20;
const RIGHTS_CHANGED = 'What you may do has changed: connect again.';

/** The room that all connections of a user are in. */
export function roomOfUser(userId: string): string {
  return `user:${userId}`;
}

/** Asks anew who has what a connection was opened with. */
type Identify = () => Promise<Principal>;

interface Admitted {
  identify: Identify;
  principal: Principal;
}

/**
 * Lets a connection into a namespace if its token is good and has the scope, and cuts it off when that is over: at its
 * next event, or within `LOCKKEEPER_SOCKETS_RECHECK_MS`.
 */
@Injectable()
export class SocketAuthenticator implements BeforeApplicationShutdown {
  private readonly admitted = new WeakMap<Socket, Admitted>();
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly authentication: AuthenticationService,
    @Inject(websocketConfig.token) private readonly config: ConfigOf<typeof websocketConfig>,
    @Inject(httpConfig.token) private readonly http: ConfigOf<typeof httpConfig>,
  ) {}

  /**
   * Guards a namespace. A client sends its token as `auth.token` or in the header `Authorization`; a page of the console
   * sends its cookie, and the CSRF token as `auth.csrf_token`. One that is refused gets a `connect_error` whose `data.code` says why. Whoever is let in is in the room of the user.
   */
  protect(namespace: Namespace, scope: Scope): void {
    namespace.use((socket, next) => void this.answer(namespace, socket, scope, next));
    namespace.on('connection', (socket: Socket) => {
      void socket.join(roomOfUser(this.principalOf(socket).userId));
    });
    let running: Promise<void> | undefined;
    const recheck = () => {
      running ??= this.recheck(namespace, scope).finally(() => (running = undefined));
    };
    this.timers.push(setInterval(recheck, this.config.recheckIntervalMs).unref());
  }

  /** Who is behind a connection, as far as is known without asking. */
  principalOf(socket: Socket): Principal {
    const admitted = this.admitted.get(socket);
    if (!admitted) throw new Error('A connection was asked for its user that has not been let in.');
    return admitted.principal;
  }

  /**
   * Asks whether the token of a connection is still good. If it is not, the connection is cut off.
   * @throws what `AuthenticationService.authenticate` throws; scope_missing
   */
  async check(socket: Socket, scope: Scope): Promise<Principal> {
    const admitted = this.admitted.get(socket);
    if (!admitted) throw authenticationRequired();
    try {
      const principal = await authorized(admitted.identify, scope);
      // It may be in rooms that it was let into for what it may do no longer.
      if ([...admitted.principal.scopes].some((had) => !principal.scopes.has(had))) {
        throw scopeMissing({ detail: RIGHTS_CHANGED });
      }
      return principal;
    } catch (error) {
      // Only a verdict ends a connection: while nobody can be asked, it stays.
      if (error instanceof AppError && !serviceUnavailable.is(error)) this.cutOff(socket, error);
      throw error;
    }
  }

  /**
   * Goes on with another token of the same user, since access tokens are good for minutes and connections for hours.
   * @throws as `check`; scope_missing also for a token of somebody else.
   */
  async renew(socket: Socket, token: string, scope: Scope): Promise<void> {
    const identify = () => this.authentication.authenticate(token);
    const principal = await authorized(identify, scope);
    if (principal.userId !== this.principalOf(socket).userId)
      throw scopeMissing({
        detail: 'The token is one of another user: open a connection of its own with it.',
      });
    this.admitted.set(socket, { identify, principal });
  }

  beforeApplicationShutdown(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  private async answer(
    namespace: Namespace,
    socket: Socket,
    scope: Scope,
    next: (refusal?: Error) => void,
  ): Promise<void> {
    try {
      await this.admit(namespace, socket, scope);
    } catch (thrown) {
      const data = socketErrorBody(toSocketError(thrown));
      return next(Object.assign(new Error(data.code), { data }));
    }
    next();
  }

  private async admit(namespace: Namespace, socket: Socket, scope: Scope): Promise<void> {
    const identify = this.identification(socket);
    const principal = await authorized(identify, scope);
    const { maxConnections, maxConnectionsPerUser } = this.config;
    const ofUser = namespace.adapter.rooms.get(roomOfUser(principal.userId))?.size ?? 0;
    if (ofUser >= maxConnectionsPerUser)
      throw tooManyConnections({ details: { limit: maxConnectionsPerUser } });
    if (namespace.sockets.size >= maxConnections) throw tooManyConnections({ retryAfterSeconds: 5 });
    this.admitted.set(socket, { identify, principal });
  }

  /** How to tell who opened a connection. @throws authentication_required, and what is wrong with a CSRF token. */
  private identification(socket: Socket): Identify {
    const { headers, auth } = socket.handshake;
    const token = tokenOfHandshake(socket);
    if (token !== undefined) return () => this.authentication.authenticate(token);
    const secret = consoleSecretOf(headers, this.isOverTls(socket));
    if (secret === undefined) throw authenticationRequired();
    const { csrf_token } = auth as { csrf_token?: unknown };
    refuseForged(headers, secret, typeof csrf_token === 'string' ? csrf_token : undefined);
    return async () => (await this.authentication.authenticateConsole(secret)).principal;
  }

  /** A proxy in front is believed only where one is said to be there. */
  private isOverTls({ handshake }: Socket): boolean {
    return this.http.isBehindProxy && handshake.headers['x-forwarded-proto'] === 'https';
  }

  private cutOff(socket: Socket, error: AppError): void {
    socket.emit('cut_off', socketErrorBody(error));
    socket.disconnect(true);
  }

  private async recheck(namespace: Namespace, scope: Scope): Promise<void> {
    const sockets = [...namespace.sockets.values()];
    for (let start = 0; start < sockets.length; start += CHECKED_AT_ONCE) {
      const some = sockets.slice(start, start + CHECKED_AT_ONCE);
      await Promise.allSettled(some.map((socket) => this.check(socket, scope)));
    }
  }
}

function tokenOfHandshake(socket: Socket): string | undefined {
  const { token } = socket.handshake.auth as { token?: unknown };
  if (typeof token === 'string' && token !== '') return token;
  return tokenOf(socket.handshake.headers.authorization);
}

async function authorized(identify: Identify, scope: Scope): Promise<Principal> {
  const principal = await identify();
  if (!principal.scopes.has(scope)) throw scopeMissing({ details: { scope } });
  return principal;
}
