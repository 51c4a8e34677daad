import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';
import type { Turn } from '../../src/modules/conversation/index.ts';

/** A question and its answer. */
export const MESSAGES_A_TURN = 2;
/** Of some sixty tokens. */
const QUESTION =
  'The gate of the lower lock no longer closes well when the river is high. Please tell me, in the order in which ' +
  'I should do it, what to look at first, which tools I have to bring along, and how long the boats will have to ' +
  'wait above the weir while two of us work on the hinges.';
/** Of some hundred and fifty tokens. */
const ANSWER = `${'First look at the sill and the mitre posts, where silt and driftwood gather. '.repeat(9)}Then wait.`;

const ID_BYTES = 16;
const pool = Buffer.alloc(256 * ID_BYTES);
let used = pool.length;

/** An id as the product makes them, with random bytes drawn in advance: the load generator should cost little. */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += ID_BYTES;
  return v7({ random: pool.subarray(used - ID_BYTES, used) });
}

/** A turn as `TurnKeeper.start` takes it. */
export function startedTurn(conversationId: string, ownerId: string): Turn {
  const now = new Date().toISOString();
  return {
    id: newId(),
    conversation_id: conversationId,
    owner_id: ownerId,
    model: 'benchmark',
    answer_id: newId(),
    status: 'running',
    messages: [
      {
        id: newId(),
        role: 'user',
        content: QUESTION,
        extra: null,
        status: 'complete',
        tokens: 60,
        created_at: now,
      },
    ],
    finish_reason: null,
    prompt_tokens: 0,
    completion_tokens: 0,
    usage_source: 'none',
    cost_micro_coins: '0',
    error_code: null,
    started_at: now,
    finished_at: null,
    input_price: '0',
    output_price: '0',
    request_hash: null,
    fork: null,
    citations: null,
  };
}

/** The same turn as `TurnKeeper.finish` takes it. */
export function finishedTurn(turn: Turn): Turn {
  const now = new Date().toISOString();
  const answer = {
    id: turn.answer_id,
    role: 'assistant',
    content: ANSWER,
    extra: null,
    status: 'complete' as const,
    tokens: 150,
    created_at: now,
  };
  return {
    ...turn,
    status: 'complete',
    messages: [...turn.messages, answer],
    finish_reason: 'stop',
    prompt_tokens: 60,
    completion_tokens: 150,
    usage_source: 'tokenizer',
    finished_at: now,
  };
}
