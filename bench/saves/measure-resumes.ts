import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { Samples } from '../lib/samples.ts';
import type { BenchUser } from '../lib/users.ts';

export const RUNNING_TURNS = 50;
const TIMEOUT_MS = 60_000;
const POLL_MS = 50;
/** So much text must an answer have before it is resumed in the middle of it. */
const MIN_TEXT_UNITS = 300;
/** Tokens, at an ordinary pace: more than any run lasts. The answers are stopped at the end. */
const MODEL = 'local:tokens=20000,delay_ms=20';
/** What a turn is and where it is resumed. */
interface Running {
  turnId: string;
  conversationId: string;
  /** The `Last-Event-ID` of a reader that has half of what has been answered. */
  middleId: string;
}

/**
 * Runs turns in one API process and resumes each of them, `rounds` times, in another, where its answer was broken off
 * in the middle: one reader at a time.
 * @returns the times to the first byte of the rest, in milliseconds
 */
export async function measureResumes(
  runningUrl: string,
  otherUrl: string,
  user: BenchUser,
  rounds: number,
): Promise<Samples> {
  const agent = new Agent({ connections: RUNNING_TURNS + 1 });
  const running = await Promise.all(
    Array.from({ length: RUNNING_TURNS }, () => startTurn(agent, runningUrl, user)),
  );
  for (const turn of running) turn.middleId = await findMiddle(agent, otherUrl, user, turn);
  const samples = new Samples();
  for (let round = 0; round < rounds; round++) {
    for (const turn of running) {
      samples.add((await readBeginning(agent, otherUrl, user, turn)).firstByteMs);
    }
  }
  await Promise.all(running.map((turn) => stopTurn(agent, otherUrl, user, turn)));
  await agent.close();
  return samples;
}

/** Starts a turn and reads its answer to the end in the background, as its client does. */
async function startTurn(agent: Agent, url: string, user: BenchUser): Promise<Running> {
  const { statusCode, headers, body } = await request(`${url}/v1/chat/completions`, {
    dispatcher: agent,
    method: 'POST',
    headers: { authorization: `Bearer ${user.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: MODEL,
      stream: true,
      messages: [{ role: 'user', content: 'Tell me all.' }],
    }),
    bodyTimeout: TIMEOUT_MS,
  });
  if (statusCode !== 200) throw new Error(`A turn was not started: ${await body.text()}`);
  void body.dump({ limit: Number.MAX_SAFE_INTEGER }).catch(() => undefined);
  return {
    turnId: String(headers['x-turn-id']),
    conversationId: String(headers['x-conversation-id']),
    middleId: '',
  };
}

/** Waits until there is enough of an answer. */
async function findMiddle(agent: Agent, url: string, user: BenchUser, turn: Running): Promise<string> {
  for (const deadline = performance.now() + TIMEOUT_MS; performance.now() < deadline;) {
    const { text } = await readBeginning(agent, url, user, turn);
    const textUnits = [...text.matchAll(/^id: (\d+)\.\d+$/gm)].map((match) => Number(match[1])).at(-1) ?? 0;
    if (textUnits >= MIN_TEXT_UNITS) return `${Math.floor(textUnits / 2)}.0`;
    await delay(POLL_MS);
  }
  throw new Error('A turn does not go on.');
}

/** Follows a turn until the first bytes of its answer, and goes away. */
async function readBeginning(
  agent: Agent,
  url: string,
  user: BenchUser,
  turn: Running,
): Promise<{ firstByteMs: number; text: string }> {
  const startedAt = performance.now();
  const { statusCode, body } = await request(`${turnUrl(url, turn)}/stream`, {
    dispatcher: agent,
    headers: {
      authorization: `Bearer ${user.apiKey}`,
      ...(turn.middleId === '' ? {} : { 'last-event-id': turn.middleId }),
    },
    bodyTimeout: TIMEOUT_MS,
  });
  for await (const chunk of body) {
    const text = String(chunk);
    if (statusCode !== 200) throw new Error(`A turn was not followed: ${text}`);
    // Leaving the loop ends the request.
    return { firstByteMs: performance.now() - startedAt, text };
  }
  throw new Error('A stream was empty.');
}

async function stopTurn(agent: Agent, url: string, user: BenchUser, turn: Running): Promise<void> {
  const { statusCode, body } = await request(`${turnUrl(url, turn)}/stop`, {
    dispatcher: agent,
    method: 'POST',
    headers: { authorization: `Bearer ${user.apiKey}` },
  });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`A turn was not stopped: ${text}`);
}

function turnUrl(url: string, { conversationId, turnId }: Running): string {
  return `${url}/api/conversations/${conversationId}/turns/${turnId}`;
}
