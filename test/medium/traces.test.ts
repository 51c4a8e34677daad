import { randomBytes } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TraceCollector } from '../fakes/trace-collector.js';
import { TestChatter } from '../factories/chat.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestWorker } from '../factories/test-worker.js';
import { bearer } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const newTraceId = () => randomBytes(16).toString('hex');
const CLIENT_SPAN_ID = '00f067aa0ba902b7';

describe('traces', () => {
  let collector: TraceCollector;
  let test: TestApp;
  let worker: INestApplicationContext;
  let chatter: TestChatter;
  beforeAll(async () => {
    collector = await TraceCollector.start();
    test = await createTestApp({ LOCKKEEPER_TRACES_URL: collector.url });
    worker = await createTestWorker(test.environment);
    chatter = await TestChatter.create(test);
  });
  afterAll(async () => {
    await worker.close();
    await test.close();
    collector.stop();
  });

  function chat(traceparent: string) {
    return test.app.inject({
      method: 'POST',
      url: '/v1/chat/completions',
      headers: { ...bearer(chatter.user.apiKey), traceparent },
      payload: { model: 'local:tokens=3,delay_ms=1', messages: [{ role: 'user', content: 'Hello' }] },
    });
  }

  it('go from the request of a client that has one over the queue into the job and the save of the worker', async () => {
    const traceId = newTraceId();
    expect((await chat(`00-${traceId}-${CLIENT_SPAN_ID}-01`)).statusCode).toBe(200);
    const spans = await waitUntil('the whole trace', () => {
      const own = collector.spans.filter((span) => span.traceId === traceId);
      return own.some(({ name }) => name === 'save turns') && own.length >= 3 && own;
    });
    const request = spans.find(({ name }) => name === 'POST /v1/chat/completions');
    const job = spans.find(({ name }) => name === 'conversation.save-turns.v1');
    const save = spans.find(({ name }) => name === 'save turns');
    expect(request).toMatchObject({
      parentSpanId: CLIENT_SPAN_ID,
      service: expect.stringMatching(/^lockkeeper-/),
      attributes: { 'http.route': '/v1/chat/completions', 'http.response.status_code': 200 },
    });
    expect(job?.parentSpanId).toBe(request?.spanId);
    expect(job?.attributes['messaging.destination.name']).toBe('conversation-saves');
    expect(save?.parentSpanId).toBe(job?.spanId);
    expect(save?.attributes['lockkeeper.turns']).toBe(1);
  });

  it('begin anew for a client without one, or with one that is none', async () => {
    for (const traceparent of [undefined, 'nonsense', `00-${'0'.repeat(32)}-${CLIENT_SPAN_ID}-01`]) {
      const before = collector.find('GET /api/coins/account').length;
      const headers = { ...bearer(chatter.user.apiKey), ...(traceparent && { traceparent }) };
      await test.app.inject({ url: '/api/coins/account', headers });
      const span = await waitUntil('the span', () => collector.find('GET /api/coins/account')[before]);
      expect(span.parentSpanId).toBe('');
      expect(span.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
    }
  });

  it('are not made of a request whose client does not want it', async () => {
    const traceId = newTraceId();
    await chat(`00-${traceId}-${CLIENT_SPAN_ID}-00`);
    const later = newTraceId();
    await chat(`00-${later}-${CLIENT_SPAN_ID}-01`);
    await waitUntil('a later one', () => collector.spans.some((span) => span.traceId === later));
    expect(collector.spans.filter((span) => span.traceId === traceId)).toEqual([]);
  });
});

describe('traces whose collector is down', () => {
  it('keep nobody waiting, and the process ends in time', async () => {
    const test = await createTestApp({ LOCKKEEPER_TRACES_URL: 'http://127.0.0.1:9/v1/traces' });
    const chatter = await TestChatter.create(test);
    expect((await chatter.say('Hello')).status).toBe(200);
    const startedAt = performance.now();
    await test.close();
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});
