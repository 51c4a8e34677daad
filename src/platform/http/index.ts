export { ACCESS_POLICY, CurrentPrincipal, Public, RequireScope, scopes } from './access.js';
export type {
  AccessAlternative,
  AccessPolicy,
  AuthenticatedRequest,
  Principal,
  Scope,
  ScopePolicy,
} from './access.js';
export { CallerAdmission, RouteAccess } from './admission.js';
export { createHttpApp } from './create-http-app.js';
export { answerWithError } from './error.filter.js';
export { Drain } from './drain.js';
export { decodeCursor, encodeCursor } from './cursor.js';
export { begun, exportStream } from './export-stream.js';
export { openAiErrorBody } from './openai-errors.js';
export { EventStream, goneSignal } from './event-stream.js';
export { Form } from './form-body.js';
export type { FormFile, UnreadForm } from './form-body.js';
export { BulkBody, UnreadBody } from './request-body.js';
export { HttpRoute } from './route-options.js';
export { readIdempotencyKey } from './idempotency-key.js';
export { httpConfig } from './http.config.js';
export { HttpModule } from './http.module.js';
