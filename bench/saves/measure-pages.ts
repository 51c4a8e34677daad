import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { Pool } from 'undici';
import type { Row } from '../lib/benchmark.ts';
import { importBuilt } from '../lib/built-services.ts';
import { round } from '../lib/report.ts';
import { Samples } from '../lib/samples.ts';
import type { BenchUser } from '../lib/users.ts';
import { finishedTurn, MESSAGES_A_TURN, newId, startedTurn } from './bench-turns.ts';
import { countSaved, createConversations, type SaveInstallation } from './save-installation.ts';

export const PAGE_MESSAGES = 50;
const INSERT_AT_ONCE = 2_000;
const POLL_MS = 1;
/** The conversations are read by turns this often before anything is measured. */
const WARM_UP_READS = 30;

export interface PageMeasurement {
  rows: Row[];
  /** The long conversation's p50 over the short one's, by what was done. */
  ratios: ReadonlyMap<string, number>;
}

/** A conversation of so many messages. */
interface SizedConversation {
  messages: number;
  id: string;
  middleCursor: string;
}

/** Reads and writes a short and a long conversation by turns, one request at a time. */
export async function measurePages(
  installation: SaveInstallation,
  apiUrl: string,
  user: BenchUser,
  sizes: readonly [number, number],
  repeats: { reads: number; saves: number },
): Promise<PageMeasurement> {
  const [short, long] = await Promise.all(sizes.map((size) => fillConversation(installation, user.id, size)));
  if (!short || !long) throw new Error('There are two conversations.');
  const pool = new Pool(apiUrl, { connections: 1 });
  const read = (cursor: (conversation: SizedConversation) => string) => (conversation: SizedConversation) =>
    readPage(pool, user, conversation.id, cursor(conversation));
  const actions = new Map([
    ['latest page', { act: read(() => ''), times: repeats.reads }],
    ['page in the middle', { act: read(({ middleCursor }) => middleCursor), times: repeats.reads }],
    [
      'one more turn',
      { act: ({ id }: SizedConversation) => saveTurn(installation, user.id, id), times: repeats.saves },
    ],
  ]);
  const rows: Row[] = [];
  const ratios = new Map<string, number>();
  for (const [name, { act, times }] of actions) {
    const samples: [Samples, Samples] = [new Samples(), new Samples()];
    for (let time = -Math.min(WARM_UP_READS, times); time < times; time++) {
      for (const [index, conversation] of [short, long].entries()) {
        const ms = await act(conversation);
        if (time >= 0) samples[index]?.add(ms);
      }
    }
    ratios.set(name, samples[1].percentile(50) / samples[0].percentile(50));
    for (const [index, { messages }] of [short, long].entries()) {
      rows.push(toRow(name, messages, samples[index] ?? new Samples(), samples[0]));
    }
  }
  await pool.close();
  return { rows, ratios };
}

function toRow(name: string, messages: number, samples: Samples, base: Samples): Row {
  return {
    what: name,
    messages,
    p50_ms: round(samples.percentile(50)),
    p95_ms: round(samples.percentile(95)),
    p50_ratio: round(samples.percentile(50) / base.percentile(50)),
  };
}

async function fillConversation(
  { database }: SaveInstallation,
  ownerId: string,
  messages: number,
): Promise<SizedConversation> {
  const { encodeCursor } =
    await importBuilt<typeof import('../../src/platform/http/index.ts')>('platform/http/index.js');
  const [id = ''] = (await createConversations(database, 1, ownerId)).ids;
  for (let from = 0; from < messages; from += INSERT_AT_ONCE) {
    await insertMessages(database, id, ownerId, from, Math.min(INSERT_AT_ONCE, messages - from));
  }
  await database.query('UPDATE conversations SET last_sequence = ?, message_count = ? WHERE id = ?', [
    messages,
    messages,
    id,
  ]);
  return { messages, id, middleCursor: encodeCursor(['before', messages / 2 + PAGE_MESSAGES / 2]) };
}

/** The rows of finished turns, without the turns themselves. */
async function insertMessages(
  database: Connection,
  conversationId: string,
  ownerId: string,
  after: number,
  count: number,
): Promise<void> {
  const rows = Array.from({ length: count / MESSAGES_A_TURN }, (_, turnIndex) =>
    finishedTurn(startedTurn(conversationId, ownerId)).messages.map((message, index) => [
      newId(),
      conversationId,
      message.id,
      after + turnIndex * MESSAGES_A_TURN + index + 1,
      message.role,
      message.content,
      message.status,
      message.tokens,
      new Date(message.created_at),
    ]),
  );
  await database.query(
    `INSERT INTO conversation_messages
       (id, conversation_id, turn_id, sequence, role, content, status, tokens, created_at) VALUES ?`,
    [rows.flat()],
  );
}

/** @returns how long it took, in milliseconds, to the last byte */
async function readPage(pool: Pool, user: BenchUser, id: string, cursor: string): Promise<number> {
  const startedAt = performance.now();
  const { statusCode, body } = await pool.request({
    method: 'GET',
    path: `/api/conversations/${id}/messages?limit=${PAGE_MESSAGES}${cursor && `&cursor=${cursor}`}`,
    headers: { authorization: `Bearer ${user.apiKey}` },
  });
  const text = await body.text();
  const ms = performance.now() - startedAt;
  const { items } = JSON.parse(text) as { items?: unknown[] };
  if (statusCode !== 200 || items?.length !== PAGE_MESSAGES) throw new Error(`A page was not read: ${text}`);
  return ms;
}

/** @returns how long it took, in milliseconds, from before the start until the turn is committed */
async function saveTurn(
  { services, database }: SaveInstallation,
  ownerId: string,
  id: string,
): Promise<number> {
  const before = await countSaved(database, { ownerId, ids: [] });
  const startedAt = performance.now();
  const turn = startedTurn(id, ownerId);
  const kept = await services.turns.start(turn);
  if (!kept) throw new Error('The turn was there before.');
  await services.turns.finish(kept, finishedTurn(turn));
  while ((await countSaved(database, { ownerId, ids: [] })) === before) await delay(POLL_MS);
  return performance.now() - startedAt;
}
