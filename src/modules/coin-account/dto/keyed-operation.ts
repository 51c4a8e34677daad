import { applyDecorators } from '@nestjs/common';
import { ApiBadRequestResponse, ApiConflictResponse, ApiHeader, ApiOperation } from '@nestjs/swagger';

/** Describes a route that moves coins, and the `Idempotency-Key` that each of them asks for. */
export function ApiKeyedOperation(operation: {
  summary: string;
  description: string;
  /** A key as a caller might make it. */
  example: string;
}): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      summary: operation.summary,
      description:
        `${operation.description} Sent again with the same key and the same content, it acts once and gives the ` +
        'first answer again, also if that was a refusal; with other content it is refused.',
    }),
    ApiHeader({
      name: 'Idempotency-Key',
      required: true,
      description:
        'Made by you for this operation: up to 255 printable ASCII characters, bare or quoted. It names one ' +
        'operation on the account.',
      schema: { type: 'string', maxLength: 255 },
      example: operation.example,
    }),
    ApiBadRequestResponse({ description: '`idempotency_key_missing`' }),
    ApiConflictResponse({
      description: '`operation_in_flight`: ask again after `Retry-After`; `hold_ended`',
    }),
  );
}
