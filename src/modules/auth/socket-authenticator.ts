import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { AppError, serviceUnavailable } from '../../platform/errors/index.js';
import type { Principal, Scope } from '../../platform/http/index.js';
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
import { tokenOf } from './domain/credentials.js';

const CHECKED_AT_ONCE = 20;
const RIGHTS_CHANGED = 'What you may do has changed: connect again.';

/** The room that all connections of a user are in. */
export function roomOfUser(userId: string): string {
  return `user:${userId}`;
}

interface Admitted {
  token: string;
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
  ) {}

  /**
   * Guards a namespace. A client sends its token as `auth.token` or in the header `Authorization`; one that is refused
   * gets a `connect_error` whose `data.code` says why. Whoever is let in is in the room of the user.
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
      const principal = await this.authenticate(admitted.token, scope);
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
    const principal = await this.authenticate(token, scope);
    if (principal.userId !== this.principalOf(socket).userId)
      throw scopeMissing({
        detail: 'The token is one of another user: open a connection of its own with it.',
      });
    this.admitted.set(socket, { token, principal });
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
    const token = tokenOfHandshake(socket);
    if (token === undefined) throw authenticationRequired();
    const principal = await this.authenticate(token, scope);
    const { maxConnections, maxConnectionsPerUser } = this.config;
    const ofUser = namespace.adapter.rooms.get(roomOfUser(principal.userId))?.size ?? 0;
    if (ofUser >= maxConnectionsPerUser)
      throw tooManyConnections({ details: { limit: maxConnectionsPerUser } });
    if (namespace.sockets.size >= maxConnections) throw tooManyConnections({ retryAfterSeconds: 5 });
    this.admitted.set(socket, { token, principal });
  }

  private async authenticate(token: string, scope: Scope): Promise<Principal> {
    const principal = await this.authentication.authenticate(token);
    if (!principal.scopes.has(scope)) throw scopeMissing({ details: { scope } });
    return principal;
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
