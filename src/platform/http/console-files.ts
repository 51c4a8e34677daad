import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RouteAccess } from './admission.js';

const PATH = '/console';
const INDEX = 'index.html';
/** Files whose names are made of what is in them. */
const HASHED_FILES = /^assets\//;
const A_FILE = /\.[^/.]+$/;

/**
 * Serves the console, as the build made it, at `/console/`. Anybody may load it: it shows nothing before somebody signs
 * in. A path that names no file is one of the console's own pages, which the browser finds within it.
 */
export function installConsole(
  fastify: FastifyInstance,
  access: Pick<RouteAccess, 'declarePaths'>,
  folder: string = consoleFolder(),
): void {
  access.declarePaths(PATH, { kind: 'public' });
  void fastify.register(async (scope) => {
    await scope.register(fastifyStatic, { root: folder, serve: false, preCompressed: true });
    scope.get(PATH, (_request, reply) => reply.redirect(`${PATH}/`, 302));
    scope.get(`${PATH}/*`, (request: FastifyRequest<{ Params: { '*': string } }>, reply) =>
      existsSync(join(folder, INDEX)) ? sendFile(reply, request.params['*']) : sendNotBuilt(reply),
    );
  });
}

function sendFile(reply: FastifyReply, path: string): FastifyReply {
  if (HASHED_FILES.test(path)) return reply.sendFile(path, { maxAge: '365d', immutable: true });
  if (A_FILE.test(path) && path !== INDEX) return reply.sendFile(path, { maxAge: '1h' });
  return reply.header('cache-control', 'no-cache').sendFile(INDEX, { cacheControl: false });
}

function sendNotBuilt(reply: FastifyReply): FastifyReply {
  return reply.status(404).type('text/html; charset=utf-8').send(NOT_BUILT_PAGE);
}

/** Beside the compiled code; under a test runner, which runs the sources, where the last build put it. */
function consoleFolder(): string {
  const built = fileURLToPath(new URL('../../console', import.meta.url));
  return existsSync(built) ? built : fileURLToPath(new URL('../../../dist/console', import.meta.url));
}

const NOT_BUILT_PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Lockkeeper</title>
    <link rel="icon" href="data:,">
    <style>body { margin: 4rem auto; max-width: 40rem; padding: 0 1rem; font-family: system-ui, sans-serif; }</style>
  </head>
  <body>
    <h1>The console was not built</h1>
    <p>Run <code>npm run build</code>, then start the service again. The API itself works: see <a href="/docs">/docs</a>.</p>
  </body>
</html>
`;
