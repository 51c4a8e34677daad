import type { Script } from './openai-upstream.js';

/** Words that mean the same, so that likeness of meaning can be told from likeness of wording. */
const MEANINGS = [
  ['car', 'automobile', '汽车'],
  ['cat', 'kitten', '猫'],
  ['money', 'coins', '钱'],
];

/** A vector that knows what words mean, and nothing else. */
function meaningOf(text: string): number[] {
  const vector = MEANINGS.map((words) => (words.some((word) => text.includes(word)) ? 1 : 0));
  return [...vector, 0.01];
}

/** Answers `/embeddings` as OpenAI does, the vectors in another order than the texts. */
export const embedding: Script = async (call) => {
  const input = call.body['input'] as string[];
  call.begin(200, { 'content-type': 'application/json' });
  const data = input.map((text, index) => ({ object: 'embedding', index, embedding: meaningOf(text) }));
  await call.write(JSON.stringify({ object: 'list', data: data.toReversed(), model: call.body['model'] }));
  call.end();
};

/** Answers like `embedding`, and refuses a request with such a text in it. */
export function embeddingAllBut(unwanted: string): Script {
  return async (call) => {
    const input = call.body['input'] as string[];
    if (input.some((text) => text.includes(unwanted))) call.refuse(400, 'This text is not taken.');
    else await embedding(call);
  };
}

/** Answers 200 with this body. */
export function answeringJson(body: unknown): Script {
  return async (call) => {
    call.begin(200, { 'content-type': 'application/json' });
    await call.write(typeof body === 'string' ? body : JSON.stringify(body));
    call.end();
  };
}
