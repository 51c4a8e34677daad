import fastifyHelmet, { type FastifyHelmetOptions } from '@fastify/helmet';
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type onRequestHookHandler,
} from 'fastify';

type Directives = Record<string, readonly string[]>;

/** All that a page of ours may do: nothing comes from elsewhere, and no other page may show it in a frame. */
const OWN_PAGE: Directives = {
  defaultSrc: ["'self'"],
  scriptSrc: ["'self'"],
  scriptSrcAttr: ["'none'"],
  // The console's components and both readers of the API set styles of their own.
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:', 'blob:'],
  fontSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  objectSrc: ["'none'"],
  baseUri: ["'self'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
};

/** The paths at and below which there are pages, with what each may do. */
const PAGES: readonly { readonly path: string; readonly directives: Directives }[] = [
  { path: '/console', directives: OWN_PAGE },
  { path: '/docs', directives: OWN_PAGE },
  // It searches in a worker made of a text.
  { path: '/redoc', directives: { ...OWN_PAGE, workerSrc: ['blob:'] } },
  { path: '/admin/queues', directives: OWN_PAGE },
];

const HSTS = 'strict-transport-security';

/**
 * Sends the headers of helmet with the pages there are, those of plugins too, and costs the other routes nothing: what
 * they are is the same for each answer, so it is found out once. `Strict-Transport-Security` goes over https alone.
 */
export async function installPageHeaders(app: FastifyInstance): Promise<void> {
  const pages = await Promise.all(
    PAGES.map(async ({ path, directives }) => ({ path, send: sendHeaders(await helmetHeaders(directives)) })),
  );
  app.addHook('onRoute', (route) => {
    const page = pages.find(({ path }) => route.url === path || route.url.startsWith(`${path}/`));
    if (!page) return;
    const others = route.onRequest === undefined ? [] : [route.onRequest].flat();
    route.onRequest = [page.send, ...others];
  });
}

function sendHeaders({ [HSTS]: hsts = '', ...headers }: Record<string, string>): onRequestHookHandler {
  return (request: FastifyRequest, reply: FastifyReply, done) => {
    reply.headers(headers);
    if (request.protocol === 'https') reply.header(HSTS, hsts);
    done();
  };
}

/** What helmet adds to an answer: asked of it by a request of its own. */
async function helmetHeaders(directives: Directives): Promise<Record<string, string>> {
  const options: FastifyHelmetOptions = {
    contentSecurityPolicy: { useDefaults: false, directives: mutable(directives) },
    referrerPolicy: { policy: 'no-referrer' },
    frameguard: { action: 'deny' },
  };
  const probe = fastify();
  try {
    await probe.register(fastifyHelmet, options);
    probe.get('/', (_request, reply) => reply.send(reply.raw.getHeaders()));
    return (await probe.inject('/')).json<Record<string, string>>();
  } finally {
    await probe.close();
  }
}

function mutable(directives: Directives): Record<string, string[]> {
  return Object.fromEntries(Object.entries(directives).map(([name, sources]) => [name, [...sources]]));
}
