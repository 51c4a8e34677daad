import { applyDecorators, createParamDecorator, type ExecutionContext, type Type } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { addRouteConfig } from './route-options.js';

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
  'memory',
  'files',
  'tasks',
  'knowledge',
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

/** A caller with a scope may call a route, or else whom the route's own alternative lets through. */
export interface ScopePolicy {
  readonly kind: 'scope';
  readonly scope: Scope;
  readonly unless?: Type<AccessAlternative>;
  /**
   * It serves pages that are not ours and know of no CSRF token: what changes something is taken from a page of this
   * origin, as far as the browser says where it comes from.
   */
  readonly hasForeignPages?: boolean;
}

/** Who may call a route: anybody, or whom a scope lets. */
export type AccessPolicy = { readonly kind: 'public' } | ScopePolicy;

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: AccessPolicy;
  }
}

export const ACCESS_POLICY = 'lockkeeper:access-policy';

/** How `/openapi.json` tells the scope of an operation; null if it is public. */
export const REQUIRED_SCOPE_EXTENSION = 'x-required-scope';

/** Anybody may call this route. */
export const Public = () => declareAccess({ kind: 'public' });

/** Only a caller with this scope may call this route, or whom `unless` lets through: that one has no principal. */
export const RequireScope = (scope: Scope, alternative: { unless?: Type<AccessAlternative> } = {}) =>
  declareAccess({ kind: 'scope', scope, ...alternative });

/** For the guard, for Fastify's routes, and for the API's description. */
function declareAccess(policy: AccessPolicy): ClassDecorator & MethodDecorator {
  const declare = (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (key === undefined) for (const method of undeclaredRoutes(target)) declareFor(method, policy);
    else if (descriptor) declareFor(descriptor.value as object, policy);
  };
  return applyDecorators(
    declare,
    ApiExtension(REQUIRED_SCOPE_EXTENSION, policy.kind === 'scope' ? policy.scope : null),
  );
}

/** The methods of a controller that are routes and say nothing themselves. */
function undeclaredRoutes(controller: object): object[] {
  const prototype = (controller as { prototype: object }).prototype;
  return Object.values(Object.getOwnPropertyDescriptors(prototype))
    .map((descriptor) => descriptor.value as unknown)
    .filter((method): method is () => unknown => typeof method === 'function')
    .filter((method) => Reflect.hasMetadata(PATH_METADATA, method))
    .filter((method) => !Reflect.hasMetadata(ACCESS_POLICY, method));
}

function declareFor(method: object, policy: AccessPolicy): void {
  Reflect.defineMetadata(ACCESS_POLICY, policy, method);
  addRouteConfig(method, { access: policy });
}

export interface AuthenticatedRequest extends FastifyRequest {
  principal?: Principal;
  /** The policy by which it was let in, once it was. */
  admittedBy?: ScopePolicy;
}

/** Injects the caller. Only for routes with `@RequireScope`. */
export const CurrentPrincipal = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Principal => {
    const { principal } = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (!principal) throw new Error('CurrentPrincipal was used on a route that asks for no scope.');
    return principal;
  },
);
