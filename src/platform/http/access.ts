import {
  applyDecorators,
  createParamDecorator,
  type ExecutionContext,
  SetMetadata,
  type Type,
} from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';

/**
 * What a caller may do. A signed-in user has the scopes of the role, an API key those it was made with
 * (never more than its owner's).
 */
export const scopes = [
  'chat',
  'conversations:read',
  'conversations:write',
  'coins:read',
  'engagement',
  'logs:read',
  'logs:write',
  'support',
  'support:answer',
  'marketplace',
  'account',
  'operations',
  'administration',
] as const;
export type Scope = (typeof scopes)[number];

/** Who calls. */
export interface Principal {
  readonly userId: string;
  readonly email: string;
  readonly role: string;
  readonly scopes: ReadonlySet<Scope>;
  /** How the caller proved it: a session's access token, or an API key. */
  readonly via: 'session' | 'api_key';
  /** The session's or key's id. */
  readonly credentialId: string;
}

/** A way of its own by which a route lets a request through, a provider of the API. */
export interface AccessAlternative {
  isAllowed(request: FastifyRequest): boolean;
}

/** Who may call a route: anybody, or a caller with a scope, or else whom the route's own alternative lets through. */
export type AccessPolicy =
  | { readonly kind: 'public' }
  | { readonly kind: 'scope'; readonly scope: Scope; readonly unless?: Type<AccessAlternative> };

export const ACCESS_POLICY = 'lockkeeper:access-policy';

/** How `/openapi.json` tells the scope of an operation; null if it is public. */
export const REQUIRED_SCOPE_EXTENSION = 'x-required-scope';

/** Anybody may call this route. */
export const Public = () => declareAccess({ kind: 'public' });

/** Only a caller with this scope may call this route, or whom `unless` lets through: that one has no principal. */
export const RequireScope = (scope: Scope, alternative: { unless?: Type<AccessAlternative> } = {}) =>
  declareAccess({ kind: 'scope', scope, ...alternative });

/** For the guard, and for the API's description. */
function declareAccess(policy: AccessPolicy): ClassDecorator & MethodDecorator {
  return applyDecorators(
    SetMetadata(ACCESS_POLICY, policy),
    ApiExtension(REQUIRED_SCOPE_EXTENSION, policy.kind === 'scope' ? policy.scope : null),
  );
}

export interface AuthenticatedRequest extends FastifyRequest {
  principal?: Principal;
}

/** Injects the caller. Only for routes with `@RequireScope`. */
export const CurrentPrincipal = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Principal => {
    const { principal } = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (!principal) throw new Error('CurrentPrincipal was used on a route that asks for no scope.');
    return principal;
  },
);
