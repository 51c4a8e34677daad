import { Inject, Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions as FastifyRoute } from 'fastify';
import type { AccessPolicy, AuthenticatedRequest, Principal, ScopePolicy } from './access.js';
import type { ConfigOf } from '../config/index.js';
import { CallerSlots } from './caller-slots.js';
import { httpConfig } from './http.config.js';

/** What anybody may send us: nobody has said yet who it is. Nothing that signing in needs is as long. */
const PUBLIC_BODY_LIMIT_BYTES = 16 * 1024;

/** Finds out who makes a request, and whether the policy of its route lets the caller. A module provides it. */
export abstract class CallerAdmission {
  /**
   * Who makes a request; undefined if the policy lets callers in that say nothing of themselves.
   * @throws what the caller is to be told
   */
  abstract admit(request: AuthenticatedRequest, policy: ScopePolicy): Promise<Principal | undefined>;
}

/** What is known of a route's access in the options that Fastify keeps of it. */
interface AccessConfig {
  access?: AccessPolicy;
}

interface PathAccess {
  readonly prefix: string;
  readonly policy: AccessPolicy;
}

/** A route of Fastify's, by its pattern. */
export interface DeclaredRoute {
  readonly method: string;
  readonly url: string;
  readonly policy: AccessPolicy;
}

/**
 * Who may call which route. Controllers declare it with `@Public` and `@RequireScope`, all else that answers requests by
 * `declarePaths`. A route that declares nothing cannot be added, so nobody is let in by forgetting; and who may not call
 * makes us read no more than the request's head.
 */
@Injectable()
export class RouteAccess {
  private readonly paths: PathAccess[] = [];
  private readonly routes: DeclaredRoute[] = [];
  private readonly slots: CallerSlots;
  private admission: CallerAdmission | undefined;

  constructor(@Inject(httpConfig.token) config: ConfigOf<typeof httpConfig>) {
    this.slots = new CallerSlots(config.requestsPerCaller);
  }

  /** Watches all routes that are added from now on, in plugins too. */
  install(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', (route) => this.guard(route));
  }

  /** Who tells the callers; until then all are refused. */
  admitBy(admission: CallerAdmission): void {
    this.admission = admission;
  }

  /** Declares who may call the routes at and below a path that no controller has. Call it before they are added. */
  declarePaths(prefix: string, policy: AccessPolicy): void {
    this.paths.push({ prefix, policy });
  }

  /** All routes there are, with who may call them. */
  get declared(): readonly DeclaredRoute[] {
    return this.routes;
  }

  private guard(route: FastifyRoute): void {
    const config = (route.config ?? {}) as AccessConfig;
    const policy = config.access ?? this.ofPath(route.url);
    if (!policy) {
      throw new Error(
        `The route ${[route.method].flat().join()} ${route.url} does not declare who may call it ` +
          '(@Public, @RequireScope or RouteAccess.declarePaths).',
      );
    }
    route.config = Object.assign(config, { access: policy });
    for (const method of [route.method].flat()) this.routes.push({ method, url: route.url, policy });
    if (policy.kind === 'public') {
      route.bodyLimit ??= PUBLIC_BODY_LIMIT_BYTES;
      return;
    }
    const others = route.onRequest === undefined ? [] : [route.onRequest].flat();
    route.onRequest = [
      ...others,
      (request: FastifyRequest, reply: FastifyReply) => this.admit(request, reply, policy),
    ];
  }

  private ofPath(url: string): AccessPolicy | undefined {
    return this.paths.find(({ prefix }) => url === prefix || url.startsWith(`${prefix}/`))?.policy;
  }

  private async admit(
    request: AuthenticatedRequest,
    reply: FastifyReply,
    policy: ScopePolicy,
  ): Promise<void> {
    if (!this.admission) throw new Error('Nobody tells who calls.');
    const principal = await this.admission.admit(request, policy);
    request.admittedBy = policy;
    if (!principal) return;
    request.principal = principal;
    this.slots.take(principal.userId, reply);
  }
}
