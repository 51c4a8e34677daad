import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { AuthenticatedRequest } from '../../../platform/http/index.js';

/** Injects who sends logs, as a text that is the same for all its requests: its key or session, else its address. */
export const LogCaller = createParamDecorator((_data: unknown, context: ExecutionContext): string => {
  const { principal, ip } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  return principal ? principal.credentialId : `address:${ip}`;
});
