import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answering, FakeUpstream, type UpstreamCall } from '../fakes/openai-upstream.js';
import { OwnProduct } from '../factories/own-product.js';
import { SlowReader } from '../factories/slow-reader.js';
import type { ClientTurn } from '../factories/turn-ledger.js';
import { waitUntil } from '../factories/wait.js';

const PIECES = 500;
/** Of some 4 kB each, so that the whole has 2 MB; with characters of two and three bytes. */
const pieces = Array.from({ length: PIECES }, (_, n) => `Piece ${n} – ${'naïve words ✓ '.repeat(290)}\n`);
const half = pieces.slice(0, PIECES / 2);
const MODELS = [{ id: 'fake', input_price: '1', output_price: '1', max_output_tokens: 1_000_000 }].map(
  (model) => ({ ...model, context_tokens: 10_000_000 }),
);

describe('large answers', () => {
  let upstream: FakeUpstream;
  let own: OwnProduct;
  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    own = await OwnProduct.start(
      {
        LOCKKEEPER_UPSTREAM_URL: upstream.url,
        LOCKKEEPER_MODELS: JSON.stringify(MODELS),
        LOCKKEEPER_LOCAL_MODEL: 'on',
      },
      { model: 'local:tokens=5,delay_ms=20', workers: 1, users: 2 },
    );
  });
  afterAll(async () => {
    await own?.dispose();
    await upstream.close();
  });

  const user = () => own.clients.userOf(0);

  async function readBack(turn: ClientTurn): Promise<{ content: string; status: string } | undefined> {
    const response = await fetch(`${own.apis[0]?.url}/api/conversations/${turn.conversationId}/messages`, {
      headers: { authorization: `Bearer ${user().apiKey}` },
    });
    const { items } = (await response.json()) as {
      items: { role: string; content: string; status: string }[];
    };
    return items.find(({ role }) => role === 'assistant');
  }

  it('are streamed, saved and read back whole', async () => {
    upstream.follow(answering(pieces));
    const id = await own.clients.makeConversation(0);
    const turn = await own.clients.say(user(), id, 'All of it', 'fake');
    expect(turn.state).toBe('done');
    expect(turn.answer === pieces.join('')).toBe(true);
    await waitUntil('it saved', async () => (await own.ledger.findUnsaved(own.database)).length === 0);
    const saved = await readBack(turn);
    expect(saved?.status).toBe('complete');
    expect(saved?.content === turn.answer).toBe(true);
  });

  it('are kept as far as they were noted when their process is killed in the middle', async () => {
    upstream.follow(async (call: UpstreamCall) => {
      call.begin();
      await call.sendTexts(...half);
      await call.closed;
    });
    const id = await own.clients.makeConversation(0);
    const from = own.ledger.turns.length;
    const said = own.clients.say(user(), id, 'Half of it', 'fake');
    const running = own.ledger.turns[from];
    const length = half.join('').length;
    await waitUntil('half of it noted', async () => {
      const notes = await own.readNotes();
      return notes.get(running?.id ?? '')?.length === length;
    });
    const index = own.apiOf(running!);
    await own.killApi(index);
    const turn = await said;
    expect(turn.state).toBe('broken');
    await own.startApiAgain(index);
    const saved = await waitUntil('what there is of it', () => readBack(turn), 60_000);
    expect(saved.status).toBe('interrupted');
    expect(saved.content === half.join('')).toBe(true);
  });

  describe('of which clients read one byte a second', () => {
    const READERS = 3;
    const OTHERS = 5;
    /** Small pieces: on the wire each is many times what it is in the answer. */
    const SMALL_PIECES = 40_000;
    const PIECES_AT_ONCE = 100;
    /** A turn of the others takes a tenth of a second; one that the readers held up would wait for them. */
    const LONGEST_TURN_MS = 15_000;
    const LARGEST_GROWTH_MB = 130;

    const memoryMb = (pid: number | undefined) =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;

    async function sendSmallPieces(call: UpstreamCall): Promise<void> {
      call.begin();
      for (let from = 0; from < SMALL_PIECES; from += PIECES_AT_ONCE) {
        const frames = Array.from({ length: PIECES_AT_ONCE }, (_, n) =>
          JSON.stringify({
            choices: [{ index: 0, delta: { content: `p${from + n} ` }, finish_reason: null }],
          }),
        );
        await call.write(frames.map((frame) => `data: ${frame}\n\n`).join(''));
      }
      await call.sendDelta({}, 'stop');
      await call.sendUsage(10, SMALL_PIECES);
      await call.send('[DONE]');
      call.end();
    }

    it('are saved whole meanwhile, slow nobody down, and do not pile up', async () => {
      upstream.follow(sendSmallPieces);
      await own.clients.begin(OTHERS);
      await own.awaitDone(2 * OTHERS);
      const api = own.apis[0]!;
      const memoryBefore = memoryMb(api.child.pid);
      const begunAt = performance.now();
      const readers: SlowReader[] = [];
      const turns: ClientTurn[] = [];
      for (let count = 0; count < READERS; count++) {
        const turn = own.ledger.ask(await own.clients.makeConversation(0), user().id, 'Slowly');
        turns.push(turn);
        readers.push(await SlowReader.ask(turn, api.url, user(), 'fake'));
      }
      await waitUntil(
        'their turns saved',
        async () => {
          const unsaved = await own.ledger.findUnsaved(own.database);
          return turns.every((turn) => !unsaved.includes(turn));
        },
        60_000,
      );
      const growthMb = Math.round(memoryMb(api.child.pid) - memoryBefore);
      await own.awaitDone(2 * OTHERS);
      const others = own.ledger.turns.filter(
        ({ state, askedAtMs }) => state === 'done' && askedAtMs > begunAt,
      );
      const longestMs = Math.round(
        Math.max(...others.map(({ endedAtMs, askedAtMs }) => (endedAtMs ?? Infinity) - askedAtMs)),
      );
      console.info(JSON.stringify({ growthMb, longestMs, others: others.length }));
      // Their answers have not ended for them: they are read when they are read.
      expect(readers.filter(({ hasEnded }) => hasEnded)).toEqual([]);
      expect(longestMs).toBeLessThan(LONGEST_TURN_MS);
      expect(growthMb).toBeLessThan(LARGEST_GROWTH_MB);
      for (const reader of readers) reader.leave();
      const whole = Array.from({ length: SMALL_PIECES }, (_, n) => `p${n} `).join('');
      for (const turn of turns) {
        const saved = await readBack(turn);
        expect(saved?.status).toBe('complete');
        expect(saved?.content === whole).toBe(true);
      }
    });
  });

  it('leave nothing behind', { timeout: 240_000 }, async () => {
    const counts = await own.expectNothingLost();
    console.info(JSON.stringify(counts));
    expect(counts).toMatchObject({ broken: 1, interrupted: 1, savedUnheard: 0 });
  });
});
