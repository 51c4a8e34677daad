import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HealthService } from '../../src/modules/monitoring/health/health.service.js';
import { RedisAwayError } from '../../src/platform/redis/index.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';

describe('errors over HTTP', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  it('answers an unknown path with a problem document that carries the request id', async () => {
    const answer = await test.app.inject({
      url: '/api/nothing',
      headers: { 'x-request-id': 'my-request-1' },
    });
    expect(answer.statusCode).toBe(404);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.headers['x-request-id']).toBe('my-request-1');
    expect(answer.json()).toMatchObject({ status: 404, code: 'route_not_found', error_id: 'my-request-1' });
  });

  it('answers an unknown path below /v1 with the error object of the OpenAI API', async () => {
    const answer = await test.app.inject({ url: '/v1/nothing' });
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({
      error: { type: 'invalid_request_error', code: 'route_not_found' },
    });
  });

  it('answers 503, to be tried again, when something could not do without Redis', async () => {
    const health = test.app.get(HealthService, { strict: false });
    vi.spyOn(health, 'report').mockRejectedValueOnce(new RedisAwayError(new Error('no answer')));
    const answer = await test.app.inject({ url: '/health' });
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.json().code).toBe('service_unavailable');
  });

  it('makes a request id of its own when the caller sends a strange one', async () => {
    const answer = await test.app.inject({ url: '/api/nothing', headers: { 'x-request-id': 'a b\tc' } });
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});
