import { setImmediate as nextTurn } from 'node:timers/promises';
import { countTokens as countSlice } from 'gpt-tokenizer/encoding/o200k_base';
import { type ProviderRequest, textOf } from './domain/chat.js';

/**
 * Counts tokens with OpenAI's o200k_base vocabulary: before a call to hold enough coins, and after one whose
 * provider counted none. For models with another vocabulary it is an estimate; a provider's own count wins.
 */

/**
 * The time to split a text without spaces grows with the square of its length, so a text is counted in
 * slices. Each cut can add one token to the count, never take one away.
 */
const SLICE_CHARACTERS = 1_000;
/** After this much text other requests get a turn. */
const CHARACTERS_PER_TURN = 200_000;

/** What the chat format adds to each message and to the whole (OpenAI cookbook, "How to count tokens"). */
const TOKENS_PER_MESSAGE = 4;
const TOKENS_PER_PROMPT = 3;

/** Text like `<|endoftext|>` is text here, not a command. */
const ALL_IS_TEXT = { disallowedSpecial: new Set<string>() };

/** The tokens of a text. */
export function countTokens(text: string): number {
  let tokens = 0;
  for (let start = 0; start < text.length; start += SLICE_CHARACTERS) {
    tokens += countSlice(text.slice(start, start + SLICE_CHARACTERS), ALL_IS_TEXT);
  }
  return tokens;
}

/** What a part that is not text counts for. An image costs by its size in pixels, which we do not see: an upper guess. */
const TOKENS_PER_OTHER_PART = 1_500;

/** The tokens of a prompt, its tools included. Lets other work in between when it is long. */
export async function countPromptTokens(request: PromptToCount): Promise<number> {
  const tools = request.options?.['tools'];
  let tokens = TOKENS_PER_PROMPT + (tools === undefined ? 0 : await countLongText(JSON.stringify(tools)));
  for (const message of request.messages) {
    tokens += TOKENS_PER_MESSAGE + (await countLongText(textOf(message)));
    if (message['tool_calls'] !== undefined)
      tokens += await countLongText(JSON.stringify(message['tool_calls']));
    if (Array.isArray(message.content)) {
      tokens += message.content.filter((part) => part.type !== 'text').length * TOKENS_PER_OTHER_PART;
    }
  }
  return tokens;
}

type PromptToCount = Pick<ProviderRequest, 'messages'> & Partial<Pick<ProviderRequest, 'options'>>;

async function countLongText(text: string): Promise<number> {
  let tokens = 0;
  for (let start = 0; start < text.length; start += CHARACTERS_PER_TURN) {
    if (start > 0) await nextTurn();
    tokens += countTokens(text.slice(start, start + CHARACTERS_PER_TURN));
  }
  return tokens;
}
