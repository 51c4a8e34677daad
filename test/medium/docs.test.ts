import type { OpenAPIObject } from '@nestjs/swagger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routeTable } from '../factories/route-table.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';

/** Routes for browsers and Prometheus, which are no part of the described API. */
const UNDESCRIBED = [
  /^\/admin\/queues/,
  /^\/docs(\/|\*|$)/,
  /^\/redoc(\/|\*|$)/,
  /^\/console(\/|\*|$)/,
  /^\/admin\/queues(\/|\*|$)/,
  /^\/openapi\.json$/,
  /^\/metrics$/,
];

/** Operations whose errors are those that other clients than ours and OpenAI's expect. */
const OTHER_SHAPES: Record<string, string> = {
  'POST /v1/logs': 'OtlpStatus',
  'POST /loki/api/v1/push': 'PlainTextError',
};

interface Operation {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  security?: unknown[];
  responses: Record<string, { content?: Record<string, { schema?: object }>; $ref?: string }>;
  'x-required-scope'?: string | null;
}

describe('the description of the API', () => {
  let test: TestApp;
  let document: OpenAPIObject;
  let operations: Array<[name: string, operation: Operation]>;

  beforeAll(async () => {
    test = await createTestApp();
    const answer = await test.app.inject({ url: '/openapi.json' });
    expect(answer.statusCode).toBe(200);
    document = answer.json();
    operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]): [string, Operation] => [
        `${method.toUpperCase()} ${path}`,
        operation as Operation,
      ]),
    );
  });
  afterAll(() => test.close());

  it('names every route of the app', () => {
    const routes = routeTable(test).filter((route) => {
      const path = route.split(' ')[1] ?? '';
      return !UNDESCRIBED.some((pattern) => pattern.test(path));
    });
    expect(routes).toContain('GET /health');
    expect(operations.map(([name]) => name).sort()).toEqual([...new Set(routes)].sort());
  });

  it('gives each operation a summary, a tag and an id of its own', () => {
    for (const [name, operation] of operations) {
      expect(operation.summary, `${name}: summary`).toMatch(/\S/);
      expect(operation.tags, `${name}: tags`).toHaveLength(1);
      expect(operation.operationId, `${name}: operationId`).toMatch(/^[a-z]\w+_\w+$/);
    }
    const ids = operations.map(([, operation]) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('tells for each operation who may call it', () => {
    for (const [name, operation] of operations) {
      const scope = operation['x-required-scope'];
      expect(scope, `${name}: x-required-scope`).not.toBeUndefined();
      expect(operation.description, `${name}: description`).toContain(
        scope ? `Needs the scope \`${scope}\`.` : 'Anybody may call this.',
      );
      expect(operation.security, `${name}: security`).toEqual(scope ? [{ bearer: [] }, { console: [] }] : []);
    }
  });

  it('gives each operation the schema of its answer, or says that it has none', () => {
    for (const [name, { responses }] of operations) {
      const successes = Object.entries(responses).filter(([status]) => status.startsWith('2'));
      expect(successes, `${name}: a success response`).not.toHaveLength(0);
      for (const [status, response] of successes) {
        const schemas = Object.values(response.content ?? {}).map((content) => content.schema);
        const isDescribed = status === '204' || (schemas.length > 0 && schemas.every(Boolean));
        expect(isDescribed, `${name}: the schema of ${status}`).toBe(true);
      }
    }
  });

  it('points only at what is in it', () => {
    const text = JSON.stringify(document);
    for (const [, pointer = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const target = pointer
        .split('/')
        .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], document);
      expect(target, pointer).toBeDefined();
    }
  });

  it('describes the errors as they are sent', async () => {
    const schemas = document.components?.schemas as Record<
      string,
      { properties: object; required: string[] }
    >;
    const problem = (await test.app.inject({ url: '/nothing' })).json<object>();
    const openAiError = (await test.app.inject({ url: '/v1/nothing' })).json<{ error: object }>();
    expect(Object.keys(schemas['Problem']!.properties)).toEqual(expect.arrayContaining(Object.keys(problem)));
    expect(Object.keys(problem)).toEqual(expect.arrayContaining(schemas['Problem']!.required));
    const inner = (schemas['OpenAiError']!.properties as { error: { required: string[] } }).error;
    expect(Object.keys(openAiError.error).sort()).toEqual(inner.required.sort());
  });

  it('lists every failure that all operations share, in the shape of its path', () => {
    for (const [name, operation] of operations) {
      const prefix = OTHER_SHAPES[name] ?? (name.includes(' /v1/') ? 'OpenAiError' : 'Problem');
      expect(operation.responses['500']?.$ref, name).toBe(`#/components/responses/${prefix}_internal`);
      if (!operation['x-required-scope']) continue;
      expect(Object.keys(operation.responses), name).toEqual(expect.arrayContaining(['401', '403']));
    }
  });
});

/** What a page makes the browser fetch. */
function references(html: string): string[] {
  const attributes = [...html.matchAll(/\b(?:src|href|spec-url)=["']([^"']+)["']/g)].map(
    (match) => match[1]!,
  );
  const styles = [...html.matchAll(/url\(([^)]+)\)|@import\s+(\S+)/g)].map((match) => match[1] ?? match[2]!);
  return [...attributes, ...styles].filter((reference) => !/^["']?(data:|#)/.test(reference));
}

describe('the readers of the API', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  const get = (url: string) => test.app.inject({ url });

  it.each(['/docs', '/docs/', '/redoc'])('%s takes nothing from another host', async (page) => {
    const answer = await get(page);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^text\/html/);
    const fetched = references(answer.body);
    expect(fetched.length).toBeGreaterThan(1);
    for (const reference of fetched) {
      expect(reference).not.toMatch(/^["']?(https?:)?\/\//);
      const resource = await get(new URL(reference, `http://test${page}`).pathname);
      expect(resource.statusCode, reference).toBe(200);
      expect(resource.body.length, reference).toBeGreaterThan(100);
      if (reference.endsWith('.css')) {
        for (const nested of references(resource.body)) expect(nested).not.toMatch(/^["']?(https?:)?\/\//);
      }
    }
  });

  it.each(['/docs', '/redoc'])('%s forbids the browser to ask another host', async (page) => {
    const policy = (await get(page)).headers['content-security-policy'] as string;
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe-inline/);
  });

  it('does not send the document to the online validator', async () => {
    expect((await get('/docs/swagger-ui-init.js')).body).toMatch(/"validatorUrl":\s*null/);
  });

  it('serves nothing but the bundle of ReDoc', async () => {
    expect((await get('/redoc/redoc.lib.js')).statusCode).toBe(404);
    expect((await get('/redoc/..%2fpackage.json')).statusCode).not.toBe(200);
  });
});
