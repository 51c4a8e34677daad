import { z } from 'zod';
import { invalidRequest } from '../../../platform/errors/index.js';
import { decodeCursor, encodeCursor } from '../../../platform/http/index.js';
import type { MessageListQuery, messagePageSchema } from '../dto/conversation.dto.js';
import type { MessageReader, PagePlace } from './message-reader.service.js';

/** With the branch, so that a cursor goes on along its path though another branch becomes the active one. */
const messagePosition = z.tuple([z.enum(['before', 'after']), z.int().min(0), z.int().min(0).optional()]);

/**
 * The page of messages that a query asks for. Who may read it has been checked before.
 * @throws branch_not_found; invalid_request for a cursor that does not fit
 */
export async function readMessagePage(
  reader: MessageReader,
  conversationId: string,
  query: MessageListQuery,
): Promise<z.infer<typeof messagePageSchema>> {
  const { place, branch } = positionOf(query);
  const page = await reader.readBranchPage(conversationId, place, query.limit, branch);
  const first = page.messages[0];
  const last = page.messages.at(-1);
  return {
    items: page.messages,
    earlier_cursor: page.hasEarlier && first ? encodeCursor(['before', first.sequence, page.branch]) : null,
    later_cursor: page.hasLater && last ? encodeCursor(['after', last.sequence, page.branch]) : null,
  };
}

function positionOf({ cursor, branch }: MessageListQuery): { place: PagePlace; branch: number | undefined } {
  if (cursor === undefined) return { place: { kind: 'latest' }, branch };
  const [kind, sequence, named] = decodeCursor(cursor, messagePosition);
  if (branch !== undefined && named !== undefined && named !== branch) {
    throw invalidRequest({ param: 'branch', detail: 'The cursor is one of another branch.' });
  }
  return { place: { kind, sequence }, branch: branch ?? named };
}
