import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { z } from 'zod';
import { productVersion } from '../../process/product-version.js';
import { REQUIRED_SCOPE_EXTENSION } from '../access.js';
import { addErrorResponses, errorComponents } from './error-responses.js';
import type { Operation } from './operation.js';

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'] as const;
const BEARER = 'bearer';
const COOKIE = 'console';

const DESCRIPTION = `Clients of the OpenAI API point their base URL at \`/v1\`. All other paths are Lockkeeper's own.

Send an access token or an API key as \`Authorization: Bearer …\`, or an API key as the password of \`Basic\`.
Pages of the console send the cookie that signing in there sets, and \`X-CSRF-Token\` with what is not GET or HEAD.
Each operation names the scope it needs.

An error is a problem document (RFC 9457) with a stable \`code\`; below \`/v1\` it is the error object of the
OpenAI API, and where logs come in as OTLP or as to Loki, what their clients expect. The \`error_id\` that the log has
is also in the header \`X-Request-Id\`.`;

/** The OpenAPI document of all routes: what controllers declare, and what holds for every one of them. */
export function describeApi(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Lockkeeper')
    .setVersion(productVersion())
    .setDescription(DESCRIPTION)
    .setLicense('MIT', '')
    .addBearerAuth({ type: 'http', description: 'An access token or an API key (lk_…)' }, BEARER)
    .addCookieAuth(
      'lockkeeper_console',
      {
        type: 'apiKey',
        in: 'cookie',
        name: 'lockkeeper_console',
        description: 'What signing in to the console sets',
      },
      COOKIE,
    )
    .addTag('Chat', 'What clients of the OpenAI API call')
    .addTag('Conversations', 'What was said, saved or about to be')
    .addTag('Coins', 'Accounts, holds and the journal')
    .addTag('Coupons', 'Codes that give coins')
    .addTag('Invitations', 'Codes of users for new users')
    .addTag('Points', 'Earned, spent before they expire')
    .addTag('Activities', 'Taken part in for a reward')
    .addTag('Marketplace', 'Work that users pay each other for')
    .addTag('Files', 'Documents that are made searchable')
    .addTag('Logs', 'What devices and programs report')
    .addTag('Support', 'Chats of users with customer service')
    .addTag('Signing in', 'Sessions of people')
    .addTag('API keys', 'For programs')
    .addTag('Users', 'For administrators')
    .addTag('Your account', 'What you did, and to leave for good')
    .addTag('Audit', 'Who did what to whose data')
    .addTag('Health', 'How the service is')
    .build();
  const document = SwaggerModule.createDocument(app, config, { operationIdFactory, standardSchemaConverter });
  const components = errorComponents();
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ...components.schemas },
    responses: { ...document.components?.responses, ...components.responses },
  };
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation: Operation | undefined = item[method];
      if (!operation) continue;
      describeAccess(operation);
      addErrorResponses(path, operation);
    }
  }
  return document;
}

/** `conversation_rename` for `ConversationController.rename`. Generated clients name their methods by it. */
function operationIdFactory(controller: string, method: string): string {
  const name = controller.replace(/Controller$/, '');
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}_${method}`;
}

/** Zod's own conversion, but dates are texts and what JSON cannot say is left open instead of failing. */
function standardSchemaConverter(schema: unknown, { schemaType }: { schemaType: 'input' | 'output' }) {
  if (!(schema instanceof z.ZodType)) return undefined;
  const {
    $schema: _,
    $defs: components,
    ...converted
  } = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: schemaType,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema instanceof z.ZodDate) Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
    },
  });
  return { schema: converted, components };
}

function describeAccess(operation: Operation): void {
  const scope = operation[REQUIRED_SCOPE_EXTENSION];
  operation.security = scope ? [{ [BEARER]: [] }, { [COOKIE]: [] }] : [];
  const sentence = scope ? `Needs the scope \`${scope}\`.` : 'Anybody may call this.';
  operation.description = operation.description ? `${operation.description}\n\n${sentence}` : sentence;
}
