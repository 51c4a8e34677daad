import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { invalidRequest } from '../errors/index.js';
import type { AccessPolicy, AuthenticatedRequest, Principal } from './access.js';
import { CallerAdmission, RouteAccess } from './admission.js';
import type { httpConfig } from './http.config.js';
import type { ConfigOf } from '../config/index.js';

const OPERATIONS: AccessPolicy = { kind: 'scope', scope: 'operations' };

/** Lets in whoever gives a name. */
class ByName extends CallerAdmission {
  override async admit({ headers }: AuthenticatedRequest): Promise<Principal | undefined> {
    const name = headers['x-name'];
    if (typeof name !== 'string') throw invalidRequest({ detail: 'Who are you?' });
    return { userId: name } as Principal;
  }
}

describe('the access to routes', () => {
  const apps: FastifyInstance[] = [];
  afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));

  const create = (admission: CallerAdmission | undefined = new ByName()) => {
    const app = fastify();
    apps.push(app);
    const access = new RouteAccess({ requestsPerCaller: 2 } as ConfigOf<typeof httpConfig>);
    if (admission) access.admitBy(admission);
    access.install(app);
    return { app, access };
  };

  it('must be declared', () => {
    const { app } = create();
    expect(() => app.get('/a', () => 'a')).toThrow('The route GET /a does not declare who may call it');
  });

  it('must be declared for what a plugin adds, and is by its path', async () => {
    const { app, access } = create();
    access.declarePaths('/known', OPERATIONS);
    app.register(async (plugin) => void plugin.post('/unknown', () => 'a'));
    await expect(app.ready()).rejects.toThrow('The route POST /unknown does not declare');
    const { app: other, access: otherAccess } = create();
    otherAccess.declarePaths('/known', OPERATIONS);
    other.register(async (plugin) => void plugin.get('/known/*', () => 'a'));
    expect((await other.inject('/known/page')).statusCode).not.toBe(200);
    expect((await other.inject({ url: '/known/page', headers: { 'x-name': 'ada' } })).body).toBe('a');
    expect(otherAccess.declared).toContainEqual({ method: 'GET', url: '/known/*', policy: OPERATIONS });
  });

  it('is not that of a path which only begins alike', () => {
    const { app, access } = create();
    access.declarePaths('/doc', { kind: 'public' });
    expect(() => app.get('/documents', () => 'a')).toThrow('does not declare');
  });

  it('is asked for HEAD as for GET', async () => {
    const { app } = create();
    app.get('/a', { config: { access: OPERATIONS } }, () => 'a');
    expect((await app.inject({ method: 'HEAD', url: '/a' })).statusCode).not.toBe(200);
  });

  it('is refused to all while nobody tells who they are', async () => {
    const { app } = create(null as unknown as undefined);
    app.get('/a', { config: { access: OPERATIONS } }, () => 'a');
    expect((await app.inject({ url: '/a', headers: { 'x-name': 'ada' } })).statusCode).toBe(500);
  });

  it('bounds how many requests of one caller are under way, and of no other', async () => {
    const { app } = create();
    const waiting: (() => void)[] = [];
    app.get('/a', { config: { access: OPERATIONS } }, () => new Promise<void>((done) => waiting.push(done)));
    const ask = (name: string) => app.inject({ url: '/a', headers: { 'x-name': name } });
    const first = [ask('ada'), ask('ada')];
    await expect.poll(() => waiting.length).toBe(2);
    expect((await ask('ada')).body).toContain('rate_limited');
    const other = ask('bob');
    await expect.poll(() => waiting.length).toBe(3);
    waiting.splice(0).forEach((done) => done());
    await Promise.all([...first, other]);
    const next = ask('ada');
    await expect.poll(() => waiting.length).toBe(1);
    waiting.forEach((done) => done());
    expect((await next).statusCode).toBe(200);
  });
});
