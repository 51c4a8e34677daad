import { Injectable } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';
import type { MessagePlace, Segment } from '../domain/path.js';
import type { PlacedMessage } from '../domain/siblings.js';
import type { TurnMessage } from '../domain/turn.js';

export interface SavedMessage extends TurnMessage, MessagePlace {
  turn_id: string;
}

interface MessageRow extends Omit<SavedMessage, 'created_at' | 'extra'> {
  created_at: Date;
  extra: string | null;
}

const COLUMNS = 'id, turn_id, branch, sequence, role, content, extra, status, tokens, created_at';

/** Reads saved messages. Who may read them has been checked before. */
@Injectable()
export class MessageRepository {
  constructor(private readonly transactions: Transactions) {}

  /**
   * The `limit` messages of these segments of a path that are nearest to one end, in the order of their numbers.
   * Each segment is a range of one index, so that neither the rest of the conversation nor other branches are read,
   * and the rows themselves are fetched for those alone that are returned.
   */
  async readSegments(
    conversationId: string,
    segments: readonly Segment[],
    limit: number,
    from: 'start' | 'end',
  ): Promise<SavedMessage[]> {
    if (segments.length === 0 || limit <= 0) return [];
    const direction = from === 'end' ? 'DESC' : 'ASC';
    const ranges = segments.map(
      (_segment, index) =>
        `SELECT * FROM (SELECT id, sequence FROM conversation_messages FORCE INDEX (idx_conv_messages_branch)
          WHERE conversation_id = ? AND branch = ? AND sequence > ? AND sequence <= ?
          ORDER BY sequence ${direction} LIMIT ?) range_${index}`,
    );
    const rows: MessageRow[] = await this.transactions.single.query(
      `SELECT ${COLUMNS.replaceAll(/\w+/g, 'm.$&')} FROM conversation_messages m
       JOIN (SELECT id FROM (${ranges.join(' UNION ALL ')}) ranges ORDER BY sequence ${direction} LIMIT ?) page
         ON page.id = m.id
       ORDER BY m.sequence`,
      [...segments.flatMap(({ branch, after, upTo }) => [conversationId, branch, after, upTo, limit]), limit],
    );
    return rows.map(toMessage);
  }

  /** Messages of all branches in the order of their numbers: at most `limit` after one and up to another. */
  async readAll(
    conversationId: string,
    afterSequence: number,
    lastSequence: number,
    limit: number,
  ): Promise<SavedMessage[]> {
    const rows: MessageRow[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM conversation_messages
       WHERE conversation_id = ? AND sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?`,
      [conversationId, afterSequence, lastSequence, limit],
    );
    return rows.map(toMessage);
  }

  /** Those of these messages that are saved in the conversation. */
  async findIds(conversationId: string, ids: readonly string[]): Promise<Set<string>> {
    const rows: { id: string }[] = await this.transactions.single.query(
      'SELECT id FROM conversation_messages WHERE id IN (?) AND conversation_id = ?',
      [ids, conversationId],
    );
    return new Set(rows.map((row) => row.id));
  }

  /** Where these messages of a conversation are; one that is not there, or not yet by then, is left out. */
  async findPlaces(
    conversationId: string,
    messageIds: readonly string[],
    lastSequence: number,
  ): Promise<Map<string, MessagePlace>> {
    if (messageIds.length === 0) return new Map();
    const rows: ({ id: string } & MessagePlace)[] = await this.transactions.single.query(
      `SELECT id, branch, sequence FROM conversation_messages
       WHERE id IN (?) AND conversation_id = ? AND sequence <= ?`,
      [messageIds, conversationId, lastSequence],
    );
    return new Map(rows.map(({ id, branch, sequence }) => [id, { branch, sequence }]));
  }

  /** For each place the first message of its branch after it. One that comes after `lastSequence` is left out. */
  findNext(
    conversationId: string,
    places: readonly MessagePlace[],
    lastSequence: number,
  ): Promise<PlacedMessage[]> {
    return this.findEnds(conversationId, places, lastSequence, 'ASC');
  }

  /** The last message of each branch that has any, up to and with `lastSequence`. */
  findLast(
    conversationId: string,
    branches: readonly number[],
    lastSequence: number,
  ): Promise<PlacedMessage[]> {
    const places = branches.map((branch) => ({ branch, sequence: 0 }));
    return this.findEnds(conversationId, places, lastSequence, 'DESC');
  }

  /** The messages of a conversation with these numbers; one that is not there is left out. */
  async findBySequence(conversationId: string, sequences: readonly number[]): Promise<PlacedMessage[]> {
    if (sequences.length === 0) return [];
    return this.transactions.single.query(
      'SELECT id, branch, sequence FROM conversation_messages WHERE conversation_id = ? AND sequence IN (?)',
      [conversationId, sequences],
    );
  }

  /** One look into the index for each place, however many messages its branch has. */
  private async findEnds(
    conversationId: string,
    places: readonly MessagePlace[],
    lastSequence: number,
    direction: 'ASC' | 'DESC',
  ): Promise<PlacedMessage[]> {
    if (places.length === 0) return [];
    const rows = places.map(() => 'SELECT ? AS branch, ? AS sequence');
    const ends: { sequence: number | null }[] = await this.transactions.single.query(
      `SELECT (SELECT m.sequence FROM conversation_messages m FORCE INDEX (idx_conv_messages_branch)
               WHERE m.conversation_id = ? AND m.branch = p.branch AND m.sequence > p.sequence AND m.sequence <= ?
               ORDER BY m.sequence ${direction} LIMIT 1) AS sequence
       FROM (${rows.join(' UNION ALL ')}) p`,
      [conversationId, lastSequence, ...places.flatMap(({ branch, sequence }) => [branch, sequence])],
    );
    return this.findBySequence(
      conversationId,
      ends.flatMap(({ sequence }) => sequence ?? []),
    );
  }
}

function toMessage(row: MessageRow): SavedMessage {
  return {
    ...row,
    extra: row.extra === null ? null : (JSON.parse(row.extra) as Record<string, unknown>),
    created_at: row.created_at.toISOString(),
  };
}
