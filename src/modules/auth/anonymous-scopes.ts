import { Injectable } from '@nestjs/common';
import type { Scope } from '../../platform/http/index.js';

/** What callers without any credentials may do beyond public routes: nothing, unless a module's switch allows it. */
@Injectable()
export class AnonymousScopes {
  private readonly allowed = new Set<Scope>();

  /** Opens the routes of a scope to callers without credentials. Wrong credentials stay refused. */
  allow(scope: Scope): void {
    this.allowed.add(scope);
  }

  has(scope: Scope): boolean {
    return this.allowed.has(scope);
  }
}
