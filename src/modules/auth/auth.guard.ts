import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ModuleRef, Reflector } from '@nestjs/core';
import { ACCESS_POLICY, type AccessPolicy, type AuthenticatedRequest } from '../../platform/http/index.js';
import { authenticationRequired, scopeMissing } from './auth.errors.js';
import { AnonymousScopes } from './anonymous-scopes.js';
import { AuthenticationService } from './authentication.service.js';
import { tokenOf } from './domain/credentials.js';

/** Lets a request through to its route if the route's policy allows its caller. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authentication: AuthenticationService,
    private readonly anonymousScopes: AnonymousScopes,
    private readonly moduleRef: ModuleRef,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    // Connections are checked by `SocketAuthenticator`, at their handshake and at each event.
    if (context.getType() === 'ws') return true;
    const policy = this.reflector.getAllAndOverride<AccessPolicy | undefined>(ACCESS_POLICY, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (policy?.kind === 'public') return true;
    if (!policy) throw new Error(`${context.getClass().name} declares no access policy.`);
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (policy.unless && this.moduleRef.get(policy.unless, { strict: false }).isAllowed(request)) return true;
    const { authorization } = request.headers;
    if (authorization === undefined && this.anonymousScopes.has(policy.scope)) return true;
    const token = tokenOf(authorization);
    if (token === undefined) throw authenticationRequired();
    const principal = await this.authentication.authenticate(token);
    request.principal = principal;
    if (principal.scopes.has(policy.scope)) return true;
    throw scopeMissing({
      detail:
        policy.scope === 'account' && principal.via === 'api_key'
          ? 'This call is for signed-in users; API keys cannot make it. Sign in and use the access token.'
          : `This call asks for the scope ${policy.scope}, which the caller lacks.`,
      details: { scope: policy.scope },
    });
  }
}
