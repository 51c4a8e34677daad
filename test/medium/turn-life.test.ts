import { randomUUID } from 'node:crypto';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Transactions } from '../../src/platform/database/index.js';
import { saveAllTurns, TestChatter } from '../factories/chat.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { TestTurns } from '../factories/turns.js';
import { waitUntil } from '../factories/wait.js';

interface TurnEvent {
  id: string | undefined;
  event: string | undefined;
  data: { text?: string; status?: string; error?: unknown; finish_reason?: string };
}

/** Without a look at the books, which are in motion. */
function holdsOf(test: TestApp, chatter: TestChatter): Promise<{ id: string }[]> {
  const { single } = test.app.get(Transactions);
  return single.query('SELECT id FROM coin_holds WHERE account_id = ?', [chatter.user.id]);
}

const words = (count: number) => Array.from({ length: count }, (_, n) => `w${n + 1}`);

describe('a running turn, from two processes', () => {
  let here: TestApp;
  let there: TestApp;
  let turns: TestTurns;
  beforeAll(async () => {
    here = await createTestApp();
    there = await createTestApp(here.environment);
    for (const { app } of [here, there]) await app.listen(0, '127.0.0.1');
    turns = new TestTurns(here);
  });
  afterAll(async () => {
    await turns.close();
    await there.close();
    await here.close();
  });

  /** Follows a turn at one of the processes until its end, or until so many events have come. */
  async function follow(
    test: TestApp,
    chatter: TestChatter,
    turn: { conversationId: string; turnId: string },
    { lastEventId, count = Infinity }: { lastEventId?: string | undefined; count?: number } = {},
  ): Promise<TurnEvent[]> {
    const abort = new AbortController();
    const response = await fetch(
      `${await test.app.getUrl()}/api/conversations/${turn.conversationId}/turns/${turn.turnId}/stream`,
      {
        headers: {
          ...chatter.headers,
          ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
        },
        signal: abort.signal,
      },
    );
    expect(response.status).toBe(200);
    const events: TurnEvent[] = [];
    const parsed = response.body
      ?.pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
    for await (const { id, event, data } of parsed ?? []) {
      events.push({ id, event, data: JSON.parse(data) as TurnEvent['data'] });
      if (events.length >= count) break;
    }
    abort.abort();
    return events;
  }

  const textOf = (events: readonly TurnEvent[]) =>
    events.map(({ event, data }) => (event === 'text' ? (data.text ?? '') : '')).join('');

  function stop(test: TestApp, chatter: TestChatter, turn: { conversationId: string; turnId: string }) {
    return test.app.inject({
      method: 'POST',
      url: `/api/conversations/${turn.conversationId}/turns/${turn.turnId}/stop`,
      headers: chatter.headers,
    });
  }

  it.each([
    ['its own process', () => here],
    ['another', () => there],
  ])('can be followed at %s from the first character to its end', async (_where, at) => {
    const chatter = await TestChatter.create(here);
    const turn = await chatter.stream('go', 'local:tokens=60,delay_ms=15');
    const events = await follow(at(), chatter, turn);
    const text = textOf(events);
    expect(text.trim().split(/\s+/)).toEqual(words(60));
    expect(events.at(-1)).toMatchObject({
      event: 'end',
      data: { status: 'complete', text, finish_reason: 'stop' },
    });
  });

  it('is resumed over and over at either process without a repeated or missing character', async () => {
    const chatter = await TestChatter.create(here);
    const turn = await chatter.stream('go', 'local:tokens=120,delay_ms=8');
    const all: TurnEvent[] = [];
    for (let round = 0; all.at(-1)?.event !== 'end'; round++) {
      const at = round % 2 === 0 ? there : here;
      all.push(...(await follow(at, chatter, turn, { lastEventId: all.at(-1)?.id, count: 1 + (round % 5) })));
    }
    expect(textOf(all).trim().split(/\s+/)).toEqual(words(120));
  });

  it('can be read from the start after its end, saved or not, and after its pieces have expired', async () => {
    const chatter = await TestChatter.create(here);
    const turn = await chatter.stream('go', 'local:tokens=20,delay_ms=2');
    await turn.rest();
    const whole = textOf(await follow(there, chatter, turn));
    expect(whole.trim().split(/\s+/)).toEqual(words(20));
    await saveAllTurns(here);
    expect(textOf(await follow(there, chatter, turn))).toBe(whole);
    const keys = await turns.redis.keys(`*chunks:${turn.conversationId}:*`);
    expect(keys).toHaveLength(1);
    expect(await turns.redis.pttl(keys[0] ?? '')).toBeGreaterThan(0);
    await turns.redis.del(keys[0] ?? '');
    const [piece, end] = await follow(there, chatter, turn, { lastEventId: '10.0' });
    expect(piece?.data.text).toBe(whole.slice(10));
    expect(end).toMatchObject({ event: 'end', data: { status: 'complete', text: whole } });
  });

  it('ends for its followers with the reason of its end', async () => {
    const chatter = await TestChatter.create(here);
    const turn = await chatter.stream('go', 'local:tokens=30,delay_ms=20,fail_after=10');
    const events = await follow(there, chatter, turn);
    expect(textOf(events).trim().split(/\s+/)).toEqual(words(10));
    expect(events.at(-1)).toMatchObject({
      event: 'end',
      data: { status: 'failed', error: { code: 'provider_failed' } },
    });
  });

  it('does not show its followers afterwards what was withheld', async () => {
    const chatter = await TestChatter.create(here);
    const turn = await chatter.stream('go', 'local:tokens=30,violate_after=5');
    await turn.rest();
    const events = await follow(there, chatter, turn);
    expect(textOf(events)).toBe('');
    expect(events.at(-1)).toMatchObject({ event: 'end', data: { status: 'violation', text: '' } });
  });

  it.each([
    ['its own process', () => here],
    ['another', () => there],
  ])('can be stopped at %s: what was answered is kept and paid for', async (_where, at) => {
    const chatter = await TestChatter.create(here);
    const turn = await chatter.stream('go', 'local:tokens=5000,delay_ms=10');
    await turn.until('w3');
    const answer = await stop(at(), chatter, turn);
    expect(answer.json()).toEqual({ turn_id: turn.turnId, status: 'stopping' });
    const frames = await turn.rest();
    expect(frames.at(-1)).toBe('[DONE]');
    expect(frames.join('')).toContain('"finish_reason":"stop"');
    const [, message] = await chatter.messages(turn.conversationId);
    expect(message).toMatchObject({ status: 'stopped', content: expect.stringMatching(/^w1 w2 w3/) });
    const { holds } = await chatter.books();
    expect(holds[0]?.settledAmount).toBeGreaterThan(0n);
    await chatter.expectTurn(turn, {
      turn: { status: 'stopped', error_code: null },
      cost: holds[0]?.settledAmount ?? 0n,
      messages: [{ content: 'go' }, { status: 'stopped' }],
    });
    expect((await stop(at(), chatter, turn)).json()).toEqual({ turn_id: turn.turnId, status: 'stopped' });
  });

  it('that is stopped before its first token costs nothing', async () => {
    const chatter = await TestChatter.create(here);
    const turn = chatter.say('go', 'local:tokens=5,first_delay_ms=60000');
    const running = await waitUntil('the turn', async () => {
      const [hold] = await holdsOf(here, chatter);
      const { items } = await chatter.get<{ items: { id: string }[] }>('/api/conversations');
      return hold && items[0] ? { turnId: hold.id, conversationId: items[0].id } : undefined;
    });
    await waitUntil('the stop', async () => (await stop(there, chatter, running)).statusCode === 200);
    expect((await turn).status).toBe(200);
    await chatter.expectTurn(running, {
      turn: { status: 'stopped' },
      cost: 0n,
      messages: [{ content: 'go' }],
    });
  });

  it('tells how it stands and what it cost', async () => {
    const chatter = await TestChatter.create(here);
    const { conversationId, turnId } = await chatter.say('go', 'local:tokens=3');
    const state = await chatter.get(`/api/conversations/${conversationId}/turns/${turnId}`);
    expect(state).toMatchObject({
      turn_id: turnId,
      status: 'complete',
      finish_reason: 'stop',
      completion_tokens: 3,
    });
    await saveAllTurns(here);
    expect(await chatter.get(`/api/conversations/${conversationId}/turns/${turnId}`)).toEqual(state);
  });

  it('is nobody else’s to follow or stop', async () => {
    const chatter = await TestChatter.create(here);
    const stranger = await TestChatter.create(here);
    const turn = await chatter.say('go');
    const base = `/api/conversations/${turn.conversationId}/turns`;
    for (const [method, url, someone] of [
      ['GET', `${base}/${turn.turnId}/stream`, stranger],
      ['GET', `${base}/${turn.turnId}`, stranger],
      ['POST', `${base}/${turn.turnId}/stop`, stranger],
      ['GET', `${base}/${randomUUID()}/stream`, chatter],
      ['POST', `${base}/${randomUUID()}/stop`, chatter],
      ['GET', `/api/conversations/${randomUUID()}/turns/${turn.turnId}/stream`, chatter],
    ] as const) {
      expect((await here.app.inject({ method, url, headers: someone.headers })).statusCode).toBe(404);
    }
    const headers = { ...chatter.headers, 'last-event-id': 'yesterday' };
    expect((await here.app.inject({ url: `${base}/${turn.turnId}/stream`, headers })).statusCode).toBe(422);
  });

  it('makes the next one of its conversation wait, at any process, and they run in the order they came', async () => {
    const chatter = await TestChatter.create(here);
    const first = await chatter.stream('first', 'local:tokens=20,delay_ms=20');
    const later = [];
    for (const [n, test] of [there, here, there].entries()) {
      later.push(chatter.at(test).say(`later ${n}`, 'local:tokens=3', first.conversationId));
      await waitUntil('its place in the line', async () => {
        const [key = ''] = await turns.redis.keys(`*line:${first.conversationId}`);
        return (await turns.redis.llen(key)) === n + 2;
      });
    }
    const [a, b, c] = await Promise.all(later);
    await saveAllTurns(here);
    const order = [first.turnId, a?.turnId, b?.turnId, c?.turnId];
    expect(await turns.savedOrder(first.conversationId)).toEqual(order.flatMap((id) => [id, id]));
    expect(await turns.redis.keys(`*line:${first.conversationId}`)).toEqual([]);
  });

  it('has at most 20 in its conversation’s line: the next one is refused', async () => {
    const chatter = await TestChatter.create(here);
    const first = await chatter.stream('first', 'local:tokens=400,delay_ms=20');
    const { conversationId } = first;
    const place = () => ({ conversationId, turnId: randomUUID() });
    const places = Array.from({ length: 19 }, place);
    for (const waiting of places) expect(await turns.keeper.enter(waiting, chatter.user.id)).not.toBe('busy');
    expect(await chatter.at(there).say('one too many', 'local', conversationId)).toMatchObject({
      status: 409,
      body: { error: { code: 'turn_in_progress' } },
    });
    await turns.keeper.withdraw(places[7]!);
    expect(await turns.keeper.enter(place(), chatter.user.id)).toBe('wait');
    await stop(there, chatter, first);
    await first.rest();
  });

  it('that a waiting client gave up is not begun', async () => {
    const chatter = await TestChatter.create(here);
    const first = await chatter.stream('first', 'local:tokens=30,delay_ms=20');
    const abort = new AbortController();
    const gone = fetch(`${await here.app.getUrl()}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        ...chatter.headers,
        'content-type': 'application/json',
        'x-conversation-id': first.conversationId,
      },
      body: JSON.stringify({ model: 'local', messages: [{ role: 'user', content: 'never mind' }] }),
      signal: abort.signal,
    }).catch(() => undefined);
    const [key = ''] = await turns.redis.keys(`*line:${first.conversationId}`);
    await waitUntil('its place in the line', async () => (await turns.redis.llen(key)) === 2);
    abort.abort();
    await gone;
    await waitUntil('that it left', async () => (await turns.redis.llen(key)) < 2);
    await first.rest();
    expect(await chatter.messages(first.conversationId)).toHaveLength(2);
    expect((await chatter.books()).holds).toHaveLength(1);
  });
});

it('a turn is refused while another of its conversation runs, if it is so configured', async () => {
  const test = await createTestApp({ LOCKKEEPER_CHAT_CONCURRENT_TURNS: 'reject' });
  await test.app.listen(0, '127.0.0.1');
  const chatter = await TestChatter.create(test);
  const first = await chatter.stream('first', 'local:tokens=50,delay_ms=10');
  expect(await chatter.say('second', 'local', first.conversationId)).toMatchObject({
    status: 409,
    headers: { 'retry-after': '1' },
    body: { error: { code: 'turn_in_progress' } },
  });
  await first.rest();
  expect((await chatter.say('second', 'local', first.conversationId)).status).toBe(200);
  expect((await chatter.books()).holds).toHaveLength(2);
  await test.close();
});
