export { ACCESS_POLICY, CurrentPrincipal, Public, RequireScope, scopes } from './access.js';
export type { AccessPolicy, AuthenticatedRequest, Principal, Scope } from './access.js';
export { createHttpApp } from './create-http-app.js';
export { Drain } from './drain.js';
export { decodeCursor, encodeCursor } from './cursor.js';
export { openAiErrorBody } from './error-body.js';
export { EventStream } from './event-stream.js';
export { httpConfig } from './http.config.js';
export { HttpModule } from './http.module.js';
