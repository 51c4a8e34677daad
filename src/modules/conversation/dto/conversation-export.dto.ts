import { z } from 'zod';
import { exportFormats } from '../export/export-formats.js';

export const exportQuerySchema = z.strictObject({
  format: z
    .enum(exportFormats)
    .default('json')
    .meta({ description: '`json` for programs, `markdown` to read.' }),
});
export type ExportQuery = z.infer<typeof exportQuerySchema>;

export const EXPORT_DESCRIPTION =
  'A download that is made while it is read, of any size: messages that wait to be saved are in it, running turns are ' +
  'not. If something fails in the middle the connection is cut: what ends with an error is not the whole. A user may ' +
  'have two at once.';

const message = {
  id: '0197c5a2-9a10-7c22-9b4d-63a2f7e8d901',
  sequence: 1,
  role: 'user',
  content: 'Hello',
  extra: null,
  status: 'complete',
  tokens: 1,
  created_at: '2027-01-17T09:30:00.000Z',
};

const turn = {
  id: '0197c5a2-9a10-7c22-9b4d-63a2f7e8d900',
  model: 'local',
  status: 'complete',
  finish_reason: 'stop',
  error_code: null,
  prompt_tokens: 8,
  completion_tokens: 12,
  usage_source: 'provider',
  cost: '0.000032',
  started_at: '2027-01-17T09:30:00.000Z',
  finished_at: '2027-01-17T09:30:01.000Z',
  messages: [message],
};

const JSON_EXAMPLE = {
  format: 'lockkeeper.conversations.v1',
  exported_at: '2027-01-31T12:00:00.000Z',
  conversations: [
    {
      id: '0197c5a2-8f00-7b11-8a3c-52f1e6d7c890',
      title: 'Hello',
      created_at: '2027-01-17T09:30:00.000Z',
      last_activity_at: '2027-01-17T09:30:01.000Z',
      turns: [turn],
    },
  ],
};

const MARKDOWN_EXAMPLE = `# Conversations

Exported at 2027-01-31T12:00:00.000Z.

## Hello

Conversation 0197c5a2-8f00-7b11-8a3c-52f1e6d7c890, begun at 2027-01-17T09:30:00.000Z.

Turn 0197c5a2-9a10-7c22-9b4d-63a2f7e8d900: local, complete, 8 + 12 tokens, 0.000032 coins.

### 1. user, 2027-01-17T09:30:00.000Z

\`\`\`
Hello
\`\`\`

---

End of the export: 1 conversation.
`;

export const EXPORT_CONTENT = {
  content: {
    'application/json': { schema: { type: 'object' }, example: JSON_EXAMPLE },
    'text/markdown': { schema: { type: 'string' }, example: MARKDOWN_EXAMPLE },
  },
};
