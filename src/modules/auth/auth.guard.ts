import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ACCESS_POLICY, type AccessPolicy, type AuthenticatedRequest } from '../../platform/http/index.js';

/**
 * Lets a request through to its handler only if it was let in by the policy of just this handler. Who calls was found
 * out before the body was read, by `RouteAccess`; a route that got past it gets no further than here.
 */
@Injectable()
export class AuthGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    // Connections are checked by `SocketAuthenticator`, at their handshake and at each event.
    if (context.getType() === 'ws') return true;
    const policy = Reflect.getMetadata(ACCESS_POLICY, context.getHandler()) as AccessPolicy | undefined;
    if (policy?.kind === 'public') return true;
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (policy !== undefined && request.admittedBy === policy) return true;
    throw new Error(`A request got to ${context.getClass().name} that was not let in.`);
  }
}
