export { currentTraceparent, openSpan, withSpan } from './trace-backend.js';
export type { SpanDescription } from './trace-backend.js';
export { tracingConfig } from './tracing.config.js';
export { TracingModule } from './tracing.module.js';
