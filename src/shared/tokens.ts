import { countTokens as countSlice } from 'gpt-tokenizer/encoding/o200k_base';

/**
 * The time to split a text without spaces grows with the square of its length, so a text is counted in
 * slices. Each cut can add one token to the count, never take one away.
 */
const SLICE_CHARACTERS = 1_000;

/** Text like `<|endoftext|>` is text here, not a command. */
const ALL_IS_TEXT = { disallowedSpecial: new Set<string>() };

/** Counts the tokens (OpenAI's o200k_base) of a text slice by slice. */
export function* tokensOfSlices(text: string): Generator<number> {
  for (let start = 0; start < text.length; start += SLICE_CHARACTERS) {
    yield countSlice(text.slice(start, start + SLICE_CHARACTERS), ALL_IS_TEXT);
  }
}

/** The tokens of a text. Takes about a millisecond for each thousand characters: for long texts count in slices. */
export function tokensOf(text: string): number {
  let tokens = 0;
  for (const count of tokensOfSlices(text)) tokens += count;
  return tokens;
}
