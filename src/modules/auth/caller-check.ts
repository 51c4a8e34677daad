import type { IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import {
  type AuthenticatedRequest,
  CallerAdmission,
  type Principal,
  type ScopePolicy,
} from '../../platform/http/index.js';
import { AnonymousScopes } from './anonymous-scopes.js';
import {
  authenticationRequired,
  crossSiteRequest,
  csrfTokenInvalid,
  csrfTokenMissing,
  scopeMissing,
} from './auth.errors.js';
import { AuthenticationService } from './authentication.service.js';
import { consoleSecretOf, isCsrfTokenOf, isOverTls, presentedCsrfToken } from './console/console-cookie.js';
import { tokenOf } from './domain/credentials.js';

const SAFE_METHODS = new Set(['GET', 'HEAD']);
const OWN_SITES = new Set(['same-origin', 'none']);

/** Finds out who makes a request, and whether a policy lets the caller. */
@Injectable()
export class CallerCheck implements CallerAdmission {
  constructor(
    private readonly authentication: AuthenticationService,
    private readonly anonymousScopes: AnonymousScopes,
    private readonly moduleRef: ModuleRef,
  ) {}

  /**
   * Who makes a request: by the header `Authorization`, or, where there is none, by the console's cookie. Undefined if
   * the policy lets callers in that say nothing of themselves.
   * @throws what `AuthenticationService` throws; authentication_required, scope_missing; for a cookie also
   *   csrf_token_missing, csrf_token_invalid, cross_site_request
   */
  async admit(request: AuthenticatedRequest, policy: ScopePolicy): Promise<Principal | undefined> {
    if (policy.unless && this.moduleRef.get(policy.unless, { strict: false }).isAllowed(request))
      return undefined;
    const principal = await this.identify(request, policy);
    if (!principal) {
      if (this.anonymousScopes.has(policy.scope)) return undefined;
      throw authenticationRequired();
    }
    if (principal.scopes.has(policy.scope)) return principal;
    throw scopeMissing({
      detail:
        policy.scope === 'account' && principal.via === 'api_key'
          ? 'This call is for signed-in users; API keys cannot make it. Sign in and use the access token.'
          : `This call asks for the scope ${policy.scope}, which the caller lacks.`,
      details: { scope: policy.scope },
    });
  }

  private async identify(
    request: AuthenticatedRequest,
    { hasForeignPages }: ScopePolicy,
  ): Promise<Principal | undefined> {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const token = tokenOf(authorization);
      if (token === undefined) throw authenticationRequired();
      return this.authentication.authenticate(token);
    }
    const secret = consoleSecretOf(request.headers, isOverTls(request));
    if (secret === undefined) return undefined;
    const { principal } = await this.authentication.authenticateConsole(secret);
    if (SAFE_METHODS.has(request.method)) return principal;
    const presented = presentedCsrfToken(request.headers);
    if (!hasForeignPages || presented !== undefined) refuseForged(request.headers, secret, presented);
    else if (!isOfOwnPage(request.headers)) throw csrfTokenMissing();
    return principal;
  }
}

/**
 * Refuses what a page of another site has the browser send.
 * @throws cross_site_request
 */
export function refuseOtherSites(headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site'];
  if (site === undefined || (typeof site === 'string' && OWN_SITES.has(site))) return;
  throw crossSiteRequest();
}

/**
 * Whether the browser says that a page of this origin asked. Over plain http it says no more than the origin, which must
 * then be the host that is asked.
 */
function isOfOwnPage(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === host;
}

/**
 * A browser sends the cookie by itself; the CSRF token shows that it was a page of ours which asked.
 * @throws cross_site_request, csrf_token_missing, csrf_token_invalid
 */
export function refuseForged(
  headers: IncomingHttpHeaders,
  secret: string,
  presented: string | undefined,
): void {
  refuseOtherSites(headers);
  if (presented === undefined) throw csrfTokenMissing();
  if (!isCsrfTokenOf(secret, presented)) throw csrfTokenInvalid();
}
