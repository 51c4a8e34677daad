import { formatCoins } from '../../../shared/money.js';
import type { ConversationRow } from '../conversation.repository.js';
import type { ReadableMessage } from '../reading/message-reader.service.js';
import type { TurnFacts } from './export.repository.js';

/** What an export is made of, in its order: each conversation's turns, each turn's messages. */
export type ExportPart =
  | { readonly type: 'conversation'; readonly conversation: ConversationRow }
  | { readonly type: 'turn'; readonly turn: TurnFacts }
  | { readonly type: 'message'; readonly message: ReadableMessage };

/** Writes an export piece by piece. The last piece is what tells a whole document from one that was cut off. */
export interface ExportFormat {
  readonly contentType: string;
  readonly extension: string;
  write(parts: AsyncIterable<ExportPart>, exportedAt: Date): AsyncGenerator<string>;
}

export const exportFormats = ['json', 'markdown'] as const;
export type ExportFormatName = (typeof exportFormats)[number];

export const formatsByName: Record<ExportFormatName, ExportFormat> = {
  json: { contentType: 'application/json; charset=utf-8', extension: 'json', write: writeJson },
  markdown: { contentType: 'text/markdown; charset=utf-8', extension: 'md', write: writeMarkdown },
};

/** What is open in the document, from the outside in. */
const OPENERS = { conversation: '"turns":[', turn: '"messages":[' } as const;

/** One JSON document. A new conversation or turn closes those before it. */
async function* writeJson(parts: AsyncIterable<ExportPart>, exportedAt: Date): AsyncGenerator<string> {
  const open: ('conversation' | 'turn')[] = [];
  const depthOf = { conversation: 0, turn: 1, message: 2 };
  let isFirst = true;
  yield `{"format":"lockkeeper.conversations.v1","exported_at":${JSON.stringify(exportedAt)},"conversations":[`;
  for await (const part of parts) {
    let text = '';
    for (const depth = depthOf[part.type]; open.length > depth; open.pop()) {
      text += ']}';
      isFirst = false;
    }
    text += isFirst ? '\n' : ',\n';
    isFirst = false;
    if (part.type === 'message') {
      text += JSON.stringify(messageOf(part.message));
    } else {
      const facts = JSON.stringify(
        part.type === 'conversation' ? conversationOf(part.conversation) : turnOf(part.turn),
      );
      text += `${facts.slice(0, -1)},${OPENERS[part.type]}`;
      open.push(part.type);
      isFirst = true;
    }
    yield text;
  }
  yield `${']}'.repeat(open.length)}]}\n`;
}

function conversationOf(row: ConversationRow): object {
  return {
    id: row.id,
    title: row.title,
    created_at: row.created_at.toISOString(),
    last_activity_at: row.last_activity_at.toISOString(),
  };
}

function turnOf({ cost_micro_coins, ...turn }: TurnFacts): object {
  return {
    id: turn.id,
    model: turn.model,
    status: turn.status,
    finish_reason: turn.finish_reason,
    error_code: turn.error_code,
    prompt_tokens: turn.prompt_tokens,
    completion_tokens: turn.completion_tokens,
    usage_source: turn.usage_source,
    cost: formatCoins(BigInt(cost_micro_coins)),
    started_at: turn.started_at,
    finished_at: turn.finished_at,
  };
}

function messageOf({ turn_id: _turn, is_saved: _saved, ...message }: ReadableMessage): object {
  return message;
}

/**
 * Markdown for people. Whatever somebody wrote stands in a fence that is longer than any in it, or in one escaped
 * line, so that no text can end its place and pass for another.
 */
async function* writeMarkdown(parts: AsyncIterable<ExportPart>, exportedAt: Date): AsyncGenerator<string> {
  let conversations = 0;
  yield `# Conversations\n\nExported at ${exportedAt.toISOString()}.\n`;
  for await (const part of parts) {
    if (part.type === 'conversation') conversations++;
    yield markdownOf(part);
  }
  yield `\n---\n\nEnd of the export: ${conversations} conversation${conversations === 1 ? '' : 's'}.\n`;
}

function markdownOf(part: ExportPart): string {
  switch (part.type) {
    case 'conversation': {
      const { title, id, created_at } = part.conversation;
      return `\n## ${escapedLine(title)}\n\nConversation ${id}, begun at ${created_at.toISOString()}.\n`;
    }
    case 'turn': {
      const { id, model, status, cost_micro_coins, prompt_tokens, completion_tokens } = part.turn;
      const tokens = `${prompt_tokens} + ${completion_tokens} tokens`;
      const cost = `${formatCoins(BigInt(cost_micro_coins))} coins`;
      return `\nTurn ${id}: ${escapedLine(model)}, ${status}, ${tokens}, ${cost}.\n`;
    }
    case 'message': {
      const { sequence, role, created_at, status, content, extra } = part.message;
      const ending = status === 'complete' ? '' : ` (${status})`;
      const other = extra === null ? '' : `\n${fenced(JSON.stringify(extra, null, 2), 'json')}`;
      return `\n### ${sequence}. ${escapedLine(role)}, ${created_at}${ending}\n\n${fenced(content)}${other}`;
    }
  }
}

/** A block of code (CommonMark 4.5): it ends only at a run of as many backticks as it began with. */
export function fenced(text: string, info = ''): string {
  const longest = (text.match(/`+/g) ?? []).reduce((length, run) => Math.max(length, run.length), 0);
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return `${fence}${info}\n${text}\n${fence}\n`;
}

/** One line in which every character stands for itself (CommonMark 2.4). */
export function escapedLine(text: string): string {
  return text
    .replaceAll(/\s+/gu, ' ')
    .trim()
    .replaceAll(/[!-/:-@[-`{-~]/g, '\\$&');
}
