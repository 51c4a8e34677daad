import { OpenAI } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCoins } from '../../src/shared/money.js';
import { expectBooksToBalance } from '../factories/coin-books.js';
import { createProduct, type Product } from '../factories/product.js';
import { Administrator } from '../factories/product-users.js';
import { openDatabase } from '../factories/test-database.js';
import { waitUntil } from '../factories/wait.js';

type Database = Awaited<ReturnType<typeof openDatabase>>;

interface TurnRow {
  id: string;
  conversation_id: string;
  status: string;
  prompt_tokens: number;
  completion_tokens: number;
  cost_micro_coins: string;
}

const hello = [{ role: 'user' as const, content: 'Hello' }];

describe('the openai package against our API', () => {
  let product: Product;
  let database: Database;
  let administrator: Administrator;
  let url: string;

  beforeAll(async () => {
    product = await createProduct();
    database = await openDatabase(product.environment['LOCKKEEPER_DATABASE_URL'] ?? '');
    ({ url } = await product.startApi());
    await product.startWorker();
    administrator = await Administrator.of(product, url);
  });
  afterAll(async () => {
    await database[Symbol.asyncDispose]();
    await product.dispose();
  });

  async function newClient(coins = '10') {
    const user = await administrator.createUser(coins);
    return { user, openai: new OpenAI({ baseURL: `${url}/v1`, apiKey: user.apiKey }) };
  }

  async function savedTurns(userId: string, count: number): Promise<TurnRow[]> {
    return waitUntil(`${count} saved turns`, async () => {
      const rows = await database.single.query<TurnRow[]>(
        'SELECT * FROM turns WHERE owner_id = ? ORDER BY id',
        [userId],
      );
      return rows.length >= count && rows;
    });
  }

  /** Conversation, turns, holds and journal say the same, to the micro-coin. */
  async function expectAgreement(userId: string, granted: string, turns: readonly TurnRow[]) {
    const { account, holds } = await expectBooksToBalance(database, userId);
    const cost = turns.reduce((sum, turn) => sum + BigInt(turn.cost_micro_coins), 0n);
    expect(account.balance).toBe(parseCoins(granted) - cost);
    expect(account.frozen).toBe(0n);
    const charged = holds.map((hold) => [hold.id, hold.settledAmount ?? 0n]);
    expect(charged).toEqual(turns.map((turn) => [turn.id, BigInt(turn.cost_micro_coins)]));
  }

  it('streams with usage, and what was streamed is what is saved and charged', async () => {
    const { user, openai } = await newClient();
    const { data: stream, response } = await openai.chat.completions
      .create({ model: 'local', messages: hello, stream: true, stream_options: { include_usage: true } })
      .withResponse();
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
    const usage = chunks.at(-1)?.usage;

    expect(new Set(chunks.map((chunk) => `${chunk.id} ${chunk.created}`)).size).toBe(1);
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '' });
    expect(chunks.at(-2)?.choices[0]).toMatchObject({ delta: {}, finish_reason: 'stop' });
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect(chunks.at(-1)?.choices).toEqual([]);
    const [turn] = await savedTurns(user.id, 1);
    expect(turn).toMatchObject({
      id: response.headers.get('x-turn-id'),
      conversation_id: response.headers.get('x-conversation-id'),
      status: 'complete',
      prompt_tokens: usage?.prompt_tokens,
      completion_tokens: usage?.completion_tokens,
    });
    const messages: { content: string }[] = await database.single.query(
      'SELECT content FROM conversation_messages WHERE conversation_id = ? ORDER BY sequence',
      [turn?.conversation_id],
    );
    expect(messages.map((message) => message.content)).toEqual(['Hello', text]);
    // The local model costs 1 micro-coin an input token, 2 an output token.
    const cost = (usage?.prompt_tokens ?? 0) + 2 * (usage?.completion_tokens ?? 0);
    expect(turn?.cost_micro_coins).toBe(String(cost));
    await expectAgreement(user.id, '10', turn ? [turn] : []);
  });

  it('answers whole, and continues a conversation named in the header', async () => {
    const { user, openai } = await newClient();
    const first = await openai.chat.completions.create({ model: 'local', messages: hello }).withResponse();
    const conversationId = first.response.headers.get('x-conversation-id') ?? '';
    const second = await openai.chat.completions
      .create({ model: 'local', messages: hello }, { headers: { 'X-Conversation-Id': conversationId } })
      .withResponse();
    expect(first.data.choices[0]?.message.content).toContain('message 1 of our conversation');
    expect(second.data.choices[0]?.message.content).toContain('message 3 of our conversation');
    expect(second.response.headers.get('x-conversation-id')).toBe(conversationId);
    const turns = await savedTurns(user.id, 2);
    expect(new Set(turns.map((turn) => turn.conversation_id))).toEqual(new Set([conversationId]));
    await expectAgreement(user.id, '10', turns);
  });

  it('lists the models', async () => {
    const { openai } = await newClient('0');
    const ids = [];
    for await (const model of openai.models.list()) ids.push(model.id);
    expect(ids).toEqual(['local']);
  });

  it('throws in the middle of a stream when the provider fails there; what came is kept and charged', async () => {
    const { user, openai } = await newClient();
    const stream = await openai.chat.completions.create({
      model: 'local:tokens=9,fail_after=4',
      messages: hello,
      stream: true,
    });
    let text = '';
    const reading = async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    };
    await expect(reading()).rejects.toThrow('fails as it was told');
    expect(text).toBe('w1 w2 w3 w4');
    const turns = await savedTurns(user.id, 1);
    expect(turns).toMatchObject([{ status: 'failed' }]);
    expect(BigInt(turns[0]?.cost_micro_coins ?? 0)).toBeGreaterThan(0n);
    await expectAgreement(user.id, '10', turns);
  });

  it('gets 502 when the provider fails before the first token, does not retry, and is refunded', async () => {
    const { user, openai } = await newClient();
    const call = openai.chat.completions.create({
      model: 'local:fail_after=0',
      messages: hello,
      stream: true,
    });
    await expect(call).rejects.toMatchObject({ status: 502, code: 'provider_failed' });
    const turns = await savedTurns(user.id, 1);
    expect(turns).toMatchObject([{ status: 'failed', cost_micro_coins: '0' }]);
    await expectAgreement(user.id, '10', turns);
  });

  it('gets 402 insufficient_quota with too few coins, and nothing is stored or held', async () => {
    const { user, openai } = await newClient('0.000001');
    const call = openai.chat.completions.create({ model: 'local', messages: hello });
    await expect(call).rejects.toMatchObject({
      status: 402,
      type: 'insufficient_quota',
      code: 'insufficient_quota',
    });
    await expectAgreement(user.id, '0.000001', []);
    const conversations = await database.single.query('SELECT id FROM conversations WHERE owner_id = ?', [
      user.id,
    ]);
    expect(conversations).toEqual([]);
  });

  it('may hang up: the turn runs to its end, is saved whole and paid for', async () => {
    const { user, openai } = await newClient();
    const stream = await openai.chat.completions.create({
      model: 'local:tokens=30,delay_ms=10',
      messages: hello,
      stream: true,
    });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    stream.controller.abort();
    const turns = await savedTurns(user.id, 1);
    expect(turns).toMatchObject([{ status: 'complete', completion_tokens: 30 }]);
    await expectAgreement(user.id, '10', turns);
  });

  it('tries again by itself when an answer is lost, and gets the same turn, charged once', async () => {
    const { user } = await newClient();
    const turnIds: (string | null)[] = [];
    let lost = 2;
    const openai = new OpenAI({
      baseURL: `${url}/v1`,
      apiKey: user.apiKey,
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        turnIds.push(response.headers.get('x-turn-id'));
        if (lost-- <= 0) return response;
        await response.body?.cancel();
        throw new TypeError('fetch failed');
      },
    });
    const answer = await openai.chat.completions.create({
      model: 'local:tokens=8,delay_ms=20',
      messages: hello,
    });
    expect(answer.choices[0]?.message.content?.trim().split(/\s+/)).toHaveLength(8);
    expect(turnIds).toHaveLength(3);
    expect(new Set(turnIds).size).toBe(1);
    await expectAgreement(user.id, '10', await savedTurns(user.id, 1));

    lost = 1;
    const stream = await openai.chat.completions.create({
      model: 'local:tokens=8',
      messages: hello,
      stream: true,
    });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe(answer.choices[0]?.message.content);
    await expectAgreement(user.id, '10', await savedTurns(user.id, 2));
  });

  it('sees the end of a stream that is stopped, and what was answered is saved and charged', async () => {
    const { user, openai } = await newClient();
    const { data: stream, response } = await openai.chat.completions
      .create({ model: 'local:tokens=100000,delay_ms=5', messages: hello, stream: true })
      .withResponse();
    const turn = `${response.headers.get('x-conversation-id')}/turns/${response.headers.get('x-turn-id')}`;
    let text = '';
    let finishReason: string | null | undefined;
    for await (const chunk of stream) {
      if (text === '' && chunk.choices[0]?.delta.content) {
        const headers = { authorization: `Bearer ${user.apiKey}` };
        await fetch(`${url}/api/conversations/${turn}/stop`, { method: 'POST', headers });
      }
      text += chunk.choices[0]?.delta.content ?? '';
      finishReason = chunk.choices[0]?.finish_reason;
    }
    expect(finishReason).toBe('stop');
    const [saved] = await savedTurns(user.id, 1);
    expect(saved).toMatchObject({ status: 'stopped' });
    const messages: { content: string }[] = await database.single.query(
      `SELECT content FROM conversation_messages WHERE turn_id = ? AND role = 'assistant'`,
      [saved?.id],
    );
    expect(messages).toEqual([{ content: text }]);
    await expectAgreement(user.id, '10', saved ? [saved] : []);
  });

  it('has a broken stream go on at another process where it broke off', async () => {
    const { user, openai } = await newClient();
    const abort = new AbortController();
    const { data: stream, response } = await openai.chat.completions
      .create(
        { model: 'local:tokens=100,delay_ms=20', messages: hello, stream: true },
        { signal: abort.signal },
      )
      .withResponse();
    let text = '';
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      if (text.includes('w20')) break;
    }
    abort.abort();
    const other = await product.startApi();
    const turn = `${response.headers.get('x-conversation-id')}/turns/${response.headers.get('x-turn-id')}`;
    const rest = await fetch(`${other.url}/api/conversations/${turn}/stream`, {
      // The id of an event is how many UTF-16 units of text, and pieces of tool calls, have come with it.
      headers: { authorization: `Bearer ${user.apiKey}`, 'last-event-id': `${text.length}.0` },
    });
    const frames = (await rest.text()).split('\n\n').filter((frame) => frame.includes('event: text'));
    for (const frame of frames) {
      text += (JSON.parse(frame.split('data: ')[1] ?? '') as { text: string }).text;
    }
    expect(text.trim().split(/\s+/)).toEqual(Array.from({ length: 100 }, (_, n) => `w${n + 1}`));
    await expectAgreement(user.id, '10', await savedTurns(user.id, 1));
  });
});
