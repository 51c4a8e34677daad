import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ModuleRef, Reflector } from '@nestjs/core';
import { ACCESS_POLICY, type AccessPolicy, type AuthenticatedRequest } from '../../platform/http/index.js';
import { CallerCheck } from './caller-check.js';

/** Lets a request through to its route if the route's policy allows its caller. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly callers: CallerCheck,
    private readonly moduleRef: ModuleRef,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    // Connections are checked by `SocketAuthenticator`, at their handshake and at each event.
    if (context.getType() === 'ws') return true;
    const policy = this.reflector.getAllAndOverride<AccessPolicy | undefined>(ACCESS_POLICY, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (!policy) throw new Error(`${context.getClass().name} declares no access policy.`);
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (
      policy.kind !== 'public' &&
      policy.unless &&
      this.moduleRef.get(policy.unless, { strict: false }).isAllowed(request)
    ) {
      return true;
    }
    const principal = await this.callers.admit(request, policy);
    if (principal) request.principal = principal;
    return true;
  }
}
