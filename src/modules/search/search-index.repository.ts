import { Injectable } from '@nestjs/common';
import { isDuplicateKey, type Transaction, Transactions } from '../../platform/database/index.js';

/** Where a message lies in the index. */
export interface IndexPlace {
  ownerKey: bigint;
  messageNo: bigint;
}

/** A message with what it is to be found by. */
export interface MessageEntry {
  ownerKey: bigint;
  /** The number that it should have; the index takes the next that is free. */
  messageNo: bigint;
  messageId: string;
  conversationId: string;
  terms: readonly number[];
}

export interface IndexedMessage extends IndexPlace {
  messageId: string;
}

interface PlaceRow {
  owner_key: string;
  message_no: string;
  message_id: string;
}

const POSTINGS_A_STATEMENT = 2_000;
const MESSAGES_AN_ERASURE = 10;
/** How many messages of one owner in the same millisecond may have asked for the same number. */
const MAX_NUMBER_TRIES = 100;
const INSERT_MESSAGES =
  'INSERT INTO message_index (owner_key, message_no, message_id, conversation_id, terms) VALUES ?';
const PLACE_COLUMNS = 'owner_key, message_no, message_id';

/** Writes the index: which messages there are, their postings and their vectors. */
@Injectable()
export class SearchIndexRepository {
  constructor(private readonly transactions: Transactions) {}

  run<T>(body: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.transactions.run(body);
  }

  /** Those of these messages that are in the index. What is in it has all its postings. */
  async findIndexed(messageIds: readonly string[]): Promise<IndexedMessage[]> {
    if (messageIds.length === 0) return [];
    const rows: PlaceRow[] = await this.transactions.single.query(
      `SELECT ${PLACE_COLUMNS} FROM message_index WHERE message_id IN (?)`,
      [messageIds],
    );
    return rows.map(placeOf);
  }

  /** Adds messages with their postings. Those that are there already are left as they are. */
  async add(transaction: Transaction, entries: readonly MessageEntry[]): Promise<void> {
    const postings: [ownerKey: bigint, term: number, messageNo: bigint][] = [];
    for (const { ownerKey, messageNo, terms } of await insertMessages(transaction, entries)) {
      for (const term of terms) postings.push([ownerKey, term, messageNo]);
    }
    // In the order of the key, near enough: neighbours in the table are written one after the other.
    postings.sort((a, b) => a[1] - b[1]);
    for (let start = 0; start < postings.length; start += POSTINGS_A_STATEMENT) {
      await transaction.query('INSERT INTO message_terms (owner_key, term, message_no) VALUES ?', [
        postings.slice(start, start + POSTINGS_A_STATEMENT),
      ]);
    }
  }

  /** Up to `limit` messages whose vectors are none of this embedder's, or that have none. */
  async findOutdated(embedder: string, limit: number): Promise<IndexedMessage[]> {
    // Two ranges of the index beside the one value that most rows have.
    const rows: PlaceRow[] = await this.transactions.single.query(
      `(SELECT ${PLACE_COLUMNS} FROM message_index WHERE embedder < ? LIMIT ?)
       UNION ALL (SELECT ${PLACE_COLUMNS} FROM message_index WHERE embedder > ? LIMIT ?) LIMIT ?`,
      [embedder, limit, embedder, limit, limit],
    );
    return rows.map(placeOf);
  }

  /** Those of these messages whose vectors are none of this embedder's, or that have none. */
  async findOutdatedOf(messageIds: readonly string[], embedder: string): Promise<IndexedMessage[]> {
    if (messageIds.length === 0) return [];
    const rows: PlaceRow[] = await this.transactions.single.query(
      `SELECT ${PLACE_COLUMNS} FROM message_index WHERE message_id IN (?) AND embedder <> ?`,
      [messageIds, embedder],
    );
    return rows.map(placeOf);
  }

  /** Keeps vectors; null where the embedder cannot make one. Messages that have been erased stay so. */
  async setVectors(embedder: string, vectors: ReadonlyMap<IndexedMessage, Int8Array | null>): Promise<void> {
    if (vectors.size === 0) return;
    const cases = [...vectors].flatMap(([{ messageId }, vector]) => [
      messageId,
      vector && Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength),
    ]);
    const statement = `UPDATE message_index SET embedder = ?,
      vector = CASE message_id ${'WHEN ? THEN ? '.repeat(vectors.size)}END WHERE message_id IN (?)`;
    const ids = [...vectors.keys()].map(({ messageId }) => messageId);
    await this.transactions.run((transaction) => transaction.query(statement, [embedder, ...cases, ids]));
  }

  async listOfConversation(conversationId: string, limit: number): Promise<IndexedMessage[]> {
    const rows: PlaceRow[] = await this.transactions.single.query(
      `SELECT ${PLACE_COLUMNS} FROM message_index WHERE conversation_id = ? LIMIT ?`,
      [conversationId, limit],
    );
    return rows.map(placeOf);
  }

  /** Takes messages out of the index with all that is kept of them. */
  async erase(messages: readonly IndexedMessage[]): Promise<void> {
    for (let start = 0; start < messages.length; start += MESSAGES_AN_ERASURE) {
      const ids = messages.slice(start, start + MESSAGES_AN_ERASURE).map(({ messageId }) => messageId);
      await this.transactions.run((transaction) => eraseMessages(transaction, ids));
    }
  }
}

/** @returns those that were not in the index, with the numbers that they have got. */
async function insertMessages(
  transaction: Transaction,
  entries: readonly MessageEntry[],
): Promise<MessageEntry[]> {
  if (entries.length === 0) return [];
  const numbered = withNumbersApart(entries);
  try {
    await transaction.query(INSERT_MESSAGES, [numbered.map((entry) => columnsOf(entry))]);
    return numbered;
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
  const inserted: MessageEntry[] = [];
  for (const entry of entries) {
    const messageNo = await insertMessage(transaction, entry);
    if (messageNo !== undefined) inserted.push({ ...entry, messageNo });
  }
  return inserted;
}

/** Each with a number that none before it in the group has for the same owner. */
function withNumbersApart(entries: readonly MessageEntry[]): MessageEntry[] {
  const taken = new Set<string>();
  return entries.map((entry) => {
    let { messageNo } = entry;
    while (taken.has(`${entry.ownerKey} ${messageNo}`)) messageNo++;
    taken.add(`${entry.ownerKey} ${messageNo}`);
    return { ...entry, messageNo };
  });
}

function columnsOf({ ownerKey, messageNo, messageId, conversationId, terms }: MessageEntry): unknown[] {
  const bytes = Buffer.alloc(terms.length * 4);
  terms.forEach((term, index) => bytes.writeUInt32LE(term, index * 4));
  return [ownerKey, messageNo, messageId, conversationId, bytes];
}

/** @returns the number that the message has got; undefined if it was in the index already. */
async function insertMessage(transaction: Transaction, entry: MessageEntry): Promise<bigint | undefined> {
  for (let number = entry.messageNo; number < entry.messageNo + BigInt(MAX_NUMBER_TRIES); number++) {
    try {
      await transaction.query(INSERT_MESSAGES, [[columnsOf({ ...entry, messageNo: number })]]);
      return number;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    // The message itself is there, or another has the number.
    const rows: unknown[] = await transaction.query('SELECT 1 FROM message_index WHERE message_id = ?', [
      entry.messageId,
    ]);
    if (rows.length > 0) return undefined;
  }
  throw new Error(`The message ${entry.messageId} found no free number in the index.`);
}

async function eraseMessages(transaction: Transaction, messageIds: readonly string[]): Promise<void> {
  const rows: { owner_key: string; message_no: string; terms: Buffer }[] = await transaction.query(
    'SELECT owner_key, message_no, terms FROM message_index WHERE message_id IN (?) FOR UPDATE',
    [messageIds],
  );
  for (const row of rows) {
    const count = row.terms.length / 4;
    const terms = Array.from({ length: count }, (_, index) => row.terms.readUInt32LE(index * 4));
    if (count === 0) continue;
    await transaction.query(
      'DELETE FROM message_terms WHERE owner_key = ? AND term IN (?) AND message_no = ?',
      [BigInt(row.owner_key), terms, BigInt(row.message_no)],
    );
  }
  await transaction.query('DELETE FROM message_index WHERE message_id IN (?)', [messageIds]);
}

function placeOf(row: PlaceRow): IndexedMessage {
  return {
    ownerKey: BigInt(row.owner_key),
    messageNo: BigInt(row.message_no),
    messageId: row.message_id,
  };
}
