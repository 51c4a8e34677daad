import { Injectable } from '@nestjs/common';
import { serviceUnavailable } from '../../../platform/errors/index.js';
import { conversationChanged, conversationNotFound } from '../conversation.errors.js';
import { ConversationRepository, type ConversationRow } from '../conversation.repository.js';
import type { Turn } from '../domain/turn.js';
import { MessageReader } from '../reading/message-reader.service.js';
import { TurnKeeper } from '../keeping/turn-keeper.service.js';
import type { ExportPart } from './export-formats.js';
import { ExportRepository, type TurnFacts } from './export.repository.js';

const CONVERSATIONS_A_PAGE = 100;
/** A page has at most so many messages, and at most so many bytes or one message. */
const MESSAGES_A_PAGE = 200;
const BYTES_A_PAGE = 2_000_000;

/** Reads what a user may take along: everything, page by page, never more than a page at once. */
@Injectable()
export class ExportService {
  constructor(
    private readonly conversations: ConversationRepository,
    private readonly repository: ExportRepository,
    private readonly reader: MessageReader,
    private readonly keeper: TurnKeeper,
  ) {}

  /**
   * One conversation of the caller, saved or not.
   * @throws conversation_not_found, before anything is read; while it is read service_unavailable, if Redis cannot tell
   *   what waits to be saved, and conversation_changed, if it is deleted meanwhile.
   */
  async exportConversation(ownerId: string, id: string): Promise<AsyncIterable<ExportPart>> {
    const conversation = await this.conversations.findOwned(ownerId, id);
    if (!conversation) throw conversationNotFound({ param: 'id' });
    return this.partsOf(conversation);
  }

  /** All conversations of the caller, the oldest first. @throws while it is read, as above. */
  async *exportAll(ownerId: string): AsyncIterable<ExportPart> {
    for (let afterId = ''; ;) {
      const page = await this.repository.listConversations(ownerId, afterId, CONVERSATIONS_A_PAGE);
      for (const { id } of page) {
        // As it is now, or gone: much may have been read since the page.
        const conversation = await this.conversations.findOwned(ownerId, id);
        if (conversation) yield* this.partsOf(conversation);
      }
      if (page.length < CONVERSATIONS_A_PAGE) return;
      afterId = page.at(-1)?.id ?? '';
    }
  }

  private async *partsOf(conversation: ConversationRow): AsyncIterable<ExportPart> {
    let sequence = 0;
    let turnId = '';
    // Before the first part, so that what fails at once can still be answered with a status.
    let page = await this.readPage(conversation.id, sequence);
    yield { type: 'conversation', conversation };
    for (;;) {
      for (const message of page.messages) {
        const turn = page.turns.get(message.turn_id);
        if (message.sequence !== sequence + 1 || !turn) throw changed();
        if (turn.id !== turnId) yield { type: 'turn', turn };
        yield { type: 'message', message };
        turnId = turn.id;
        sequence = message.sequence;
      }
      if (!page.hasLater) break;
      if (page.messages.length === 0) throw changed();
      page = await this.readPage(conversation.id, sequence);
    }
    // One that is deleted seems to end early.
    if (!(await this.conversations.findOwned(conversation.owner_id, conversation.id))) throw changed();
  }

  private async readPage(conversationId: string, sequence: number) {
    // The reader makes do without Redis, and then misses what is not saved; an export must not.
    const waiting = await this.waitingTurns(conversationId);
    const fitting = await this.repository.countThatFit(
      conversationId,
      sequence,
      MESSAGES_A_PAGE,
      BYTES_A_PAGE,
    );
    const limit = fitting === 0 ? MESSAGES_A_PAGE : fitting;
    const { messages, hasLater } = await this.reader.readAll(conversationId, sequence, limit);
    const turnIds = [...new Set(messages.map((message) => message.turn_id))];
    const saved = await this.repository.findTurns(turnIds);
    const turns = new Map<string, TurnFacts>([...waiting, ...saved]);
    const unknown = turnIds.filter((id) => !turns.has(id));
    // Finished after the first look, and waiting still.
    if (unknown.length > 0) {
      for (const [id, turn] of await this.waitingTurns(conversationId)) turns.set(id, turn);
      for (const [id, turn] of await this.repository.findTurns(unknown)) turns.set(id, turn);
    }
    return { messages, hasLater, turns };
  }

  private async waitingTurns(conversationId: string): Promise<Map<string, Turn>> {
    const { turns, isAll } = await this.keeper.finishedTurns(conversationId);
    if (!isAll) {
      throw serviceUnavailable({
        detail: 'Without Redis it cannot be told whether the export would be complete.',
        retryAfterSeconds: 5,
      });
    }
    return new Map(turns.map((turn) => [turn.id, turn]));
  }
}

function changed() {
  return conversationChanged({ detail: 'The conversation was changed or deleted while it was exported.' });
}
