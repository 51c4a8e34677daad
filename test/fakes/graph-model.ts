import { answering, type Script, type UpstreamCall } from './openai-upstream.js';

export interface AskedChunk {
  chunk: number;
  text: string;
}

/** The chunks that a call of the model-driven graph extractor is about. */
export function askedIn(call: UpstreamCall): AskedChunk[] {
  const messages = call.body['messages'] as { content: string }[];
  return JSON.parse(messages[1]!.content) as AskedChunk[];
}

/** What the fake says of `Ada knows Bob.`, and of somebody who is nowhere. */
function read({ chunk, text }: AskedChunk) {
  const [, from = '', label = '', to = ''] = /(\w+) (\w+) (\w+)\./.exec(text) ?? [];
  const entities = [from, to, 'Nemo'].map((name) => ({ name, type: 'person' }));
  return { chunk, entities, relations: [from, 'Nemo'].map((name) => ({ from: name, label, to })) };
}

/** What the fake answers. */
export const answerOf = (asked: readonly AskedChunk[]) => JSON.stringify({ chunks: asked.map(read) });

/** Reads what it is asked about, for 110 tokens. */
export const readingGraph: Script = (call) =>
  answering([answerOf(askedIn(call))], { usage: [100, 10] })(call);
