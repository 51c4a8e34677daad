import { setImmediate as nextTurn } from 'node:timers/promises';
import { tokensOfSlices } from '../../shared/tokens.js';
import { type ChatMessage, type ProviderRequest, textOf } from './domain/chat.js';

/**
 * Counts tokens with OpenAI's o200k_base vocabulary: before a call to hold enough coins, and after one whose
 * provider counted none. For models with another vocabulary it is an estimate; a provider's own count wins.
 */

/** After counting for this long other requests get a turn: random text takes seconds for each million characters. */
const WORK_MS = 10;

/** What the chat format adds to each message and to the whole (OpenAI cookbook, "How to count tokens"). */
const TOKENS_PER_MESSAGE = 4;
const TOKENS_PER_PROMPT = 3;

/** What a part that is not text counts for. An image costs by its size in pixels, which we do not see: an upper guess. */
const TOKENS_PER_OTHER_PART = 1_500;

/** A message is counted when it is priced and again when it is stored. */
const textTokens = new WeakMap<ChatMessage, number>();

/** The tokens of a text. Lets other work in between when it is long. Stops counting beyond `limit`. */
export async function countTokens(text: string, limit = Infinity): Promise<number> {
  let tokens = 0;
  let startedAt = performance.now();
  for (const count of tokensOfSlices(text)) {
    tokens += count;
    if (tokens > limit) break;
    if (performance.now() - startedAt < WORK_MS) continue;
    await nextTurn();
    startedAt = performance.now();
  }
  return tokens;
}

/** The tokens of a message's text. Stops counting beyond `limit`. */
export async function countTextTokens(message: ChatMessage, limit = Infinity): Promise<number> {
  const known = textTokens.get(message);
  if (known !== undefined) return known;
  const tokens = await countTokens(textOf(message), limit);
  if (tokens <= limit) textTokens.set(message, tokens);
  return tokens;
}

/** The tokens of a message in a prompt: its text, its other parts, and what the format adds. */
export async function countMessageTokens(message: ChatMessage, limit = Infinity): Promise<number> {
  let tokens = TOKENS_PER_MESSAGE + (await countTextTokens(message, limit));
  if (message['tool_calls'] !== undefined) {
    tokens += await countTokens(JSON.stringify(message['tool_calls']), limit);
  }
  if (Array.isArray(message.content)) {
    tokens += message.content.filter((part) => part.type !== 'text').length * TOKENS_PER_OTHER_PART;
  }
  return tokens;
}

/** The tokens of a prompt, its tools included. Stops counting beyond `limit`: a number above it is a lower bound. */
export async function countPromptTokens(request: PromptToCount, limit = Infinity): Promise<number> {
  const tools = request.options?.['tools'];
  let tokens = TOKENS_PER_PROMPT;
  if (tools !== undefined) tokens += await countTokens(JSON.stringify(tools), limit);
  for (const message of request.messages) {
    if (tokens > limit) break;
    tokens += await countMessageTokens(message, limit - tokens);
  }
  return tokens;
}

type PromptToCount = Pick<ProviderRequest, 'messages'> & Partial<Pick<ProviderRequest, 'options'>>;
