import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import type { RouteAccess } from '../admission.js';
import { describeApi } from './describe-api.js';

const REDOC_BUNDLE = 'redoc.standalone.js';

/**
 * Serves the description of the API at `/openapi.json`, and two readers of it: Swagger UI at `/docs`, ReDoc at
 * `/redoc`. All of it comes from this process. Anybody may read it.
 */
export function installApiDocs(app: NestFastifyApplication, access: RouteAccess): void {
  for (const path of ['/docs', '/redoc', '/openapi.json']) access.declarePaths(path, { kind: 'public' });
  const fastify = app.getHttpAdapter().getInstance();
  SwaggerModule.setup('docs', app, () => describeApi(app), {
    raw: ['json'],
    jsonDocumentUrl: 'openapi.json',
    customSiteTitle: 'Lockkeeper API',
    // The badge of an online validator, which would be sent the document.
    swaggerOptions: { validatorUrl: null, displayOperationId: true },
  });
  fastify.get('/redoc', (_request, reply) => reply.type('text/html; charset=utf-8').send(REDOC_PAGE));
  void fastify.register(fastifyStatic, {
    root: redocFolder(),
    prefix: '/redoc/',
    decorateReply: false,
    index: false,
    allowedPath: (path) => path === `/${REDOC_BUNDLE}`,
    maxAge: '1h',
  });
}

/** Beside the compiled code; under a test runner, which runs the sources, where the package is installed. */
function redocFolder(): string {
  const built = fileURLToPath(new URL('../../../assets/redoc', import.meta.url));
  return existsSync(built)
    ? built
    : fileURLToPath(new URL('../../../../node_modules/redoc/bundles', import.meta.url));
}

/** No web font is named here, and the one picture that the bundle takes from elsewhere is hidden. */
const REDOC_PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Lockkeeper API</title>
    <link rel="icon" href="data:,">
    <style>
      body { margin: 0; font-family: system-ui, sans-serif; }
      a[href^="https://redocly.com"] { display: none; }
    </style>
  </head>
  <body>
    <redoc spec-url="/openapi.json" theme='${JSON.stringify({
      typography: {
        fontFamily: 'system-ui, sans-serif',
        headings: { fontFamily: 'system-ui, sans-serif' },
        code: { fontFamily: 'ui-monospace, monospace' },
      },
    })}'></redoc>
    <script src="/redoc/${REDOC_BUNDLE}"></script>
  </body>
</html>
`;
