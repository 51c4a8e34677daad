import { z } from 'zod';
import type { ToolCallDelta } from '../../provider/index.js';

/** A piece of an answer, as a reader gets it. */
export type AnswerPiece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool_calls'; readonly deltas: readonly ToolCallDelta[] };

const pieceSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({
    type: z.literal('tool_calls'),
    deltas: z.array(z.custom<ToolCallDelta>((value) => typeof value === 'object' && value !== null)),
  }),
]);

/** A piece as it was kept. @throws if it is damaged. */
export function parsePiece(json: string): AnswerPiece {
  return pieceSchema.parse(JSON.parse(json));
}
