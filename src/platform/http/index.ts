export { ACCESS_POLICY, CurrentPrincipal, Public, RequireScope, scopes } from './access.js';
export type { AccessPolicy, AuthenticatedRequest, Principal, Scope } from './access.js';
export { createHttpApp } from './create-http-app.js';
export { Drain } from './drain.js';
export { openAiErrorBody } from './error-body.js';
export { httpConfig } from './http.config.js';
export { HttpModule } from './http.module.js';
