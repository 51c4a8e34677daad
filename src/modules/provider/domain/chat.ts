/** A conversation as a model is given it, and what it answers. The wire names of the OpenAI API are kept. */

/** One part of a message's content: text, or something else that is passed on as it came. */
export interface ContentPart {
  readonly type: string;
  readonly text?: string;
  readonly [key: string]: unknown;
}

export interface ChatMessage {
  readonly role: string;
  readonly content?: string | readonly ContentPart[] | null;
  readonly [key: string]: unknown;
}

/** What a model is asked. */
export interface ProviderRequest {
  readonly messages: readonly ChatMessage[];
  /** The most tokens that the answer may have: what the caller's hold has been computed for. */
  readonly maxOutputTokens: number;
  /** Fields of the OpenAI request that we only pass on, such as `temperature` and `tools`. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** How many tokens a call took. */
export interface TokenUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** A change to the answer's tool calls, as it comes on the wire. */
export interface ToolCallDelta {
  readonly index: number;
  readonly id?: string | undefined;
  readonly type?: string | undefined;
  readonly function?:
    | { readonly name?: string | undefined; readonly arguments?: string | undefined }
    | undefined;
}

/** What a provider's stream is made of. `finish` comes once; `usage`, if the provider counts, once after it or before. */
export type ProviderEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool_calls'; readonly deltas: readonly ToolCallDelta[] }
  | { readonly type: 'finish'; readonly reason: string }
  | { readonly type: 'usage'; readonly usage: TokenUsage };

/** The text of a message, its other parts left out. */
export function textOf(message: ChatMessage): string {
  if (typeof message.content === 'string') return message.content;
  return (message.content ?? [])
    .filter((part) => part.type === 'text')
    .map((part) => part.text ?? '')
    .join('');
}
