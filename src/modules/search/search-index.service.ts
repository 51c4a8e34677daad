import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { ConversationService, SaveSlots, type TextMessage } from '../conversation/index.js';
import { EmbeddingsService } from '../provider/index.js';
import { messageNoOf, ownerKeyOf } from './domain/message-place.js';
import { searchableText, termsOf } from '../../shared/search/terms.js';
import { quantise } from '../../shared/search/vectors.js';
import { type IndexedMessage, type MessageEntry, SearchIndexRepository } from './search-index.repository.js';

/** How many turns are read at once; each may be as large as a request. */
const TURNS_AT_ONCE = 10;
/** About how many postings are written while conversations are held. */
const POSTINGS_A_TRANSACTION = 2_000;
/** How many messages are embedded with one call. */
const MESSAGES_A_CALL = 32;
const ERASE_BATCH = 100;
const REST_FACTOR = 4;
/** A slow embedder costs others nothing. */
const LONGEST_REST_MS = 400;

/** Keeps what can be searched: postings for words, vectors for likeness. Everything in it may be done twice. */
@Injectable()
export class SearchIndex {
  private readonly logger = new Logger('Search');

  constructor(
    private readonly conversations: ConversationService,
    private readonly embeddings: EmbeddingsService,
    private readonly repository: SearchIndexRepository,
    private readonly saves: SaveSlots,
  ) {}

  /**
   * Makes the messages of saved turns findable: first all by their words, then by their vectors. Conversations that
   * are deleted meanwhile leave nothing behind.
   * @throws a provider error if vectors could not be made; the words can be found nevertheless.
   */
  async indexTurns(turnIds: readonly string[], signal: AbortSignal): Promise<void> {
    const messageIds = await this.indexWords(turnIds, signal);
    const outdated = await this.repository.findOutdatedOf(messageIds, this.embeddings.embedder);
    await this.embed(outdated, signal);
  }

  /** Makes the messages of saved turns findable by their words. @returns the ids of the messages. */
  async indexWords(turnIds: readonly string[], signal: AbortSignal): Promise<string[]> {
    const messageIds: string[] = [];
    await this.inGroups(turnIds, TURNS_AT_ONCE, signal, async (group) => {
      messageIds.push(...(await this.indexGroup(group)));
    });
    return messageIds;
  }

  /**
   * Embeds up to `limit` messages that have no vector of the configured embedder.
   * @returns how many it has done with.
   * @throws a provider error
   */
  async embedOutdated(limit: number, signal: AbortSignal): Promise<number> {
    const outdated = await this.repository.findOutdated(this.embeddings.embedder, limit);
    await this.embed(outdated, signal);
    return outdated.length;
  }

  /**
   * Takes a conversation out of the index, in batches. Call it after the conversation's row is deleted: from then on
   * nothing is added.
   */
  async eraseConversation(conversationId: string): Promise<void> {
    for (;;) {
      const messages = await this.repository.listOfConversation(conversationId, ERASE_BATCH);
      if (messages.length === 0) return;
      await this.repository.erase(messages);
    }
  }

  /**
   * Does the work a group at a time. While turns are saved here it rests between two groups, for several times as long
   * as the one before took: saves, which share the process and the database, are what users wait for.
   */
  private async inGroups<T>(
    all: readonly T[],
    size: number,
    signal: AbortSignal,
    work: (group: readonly T[]) => Promise<void>,
  ): Promise<void> {
    for (let start = 0; start < all.length; start += size) {
      signal.throwIfAborted();
      const startedAt = performance.now();
      await work(all.slice(start, start + size));
      const restMs = Math.min(REST_FACTOR * (performance.now() - startedAt), LONGEST_REST_MS);
      if (this.saves.activeShards.length > 0) await delay(restMs);
    }
  }

  private async indexGroup(turnIds: readonly string[]): Promise<string[]> {
    const messages = await this.conversations.readTurnMessages(turnIds);
    const ids = messages.map(({ id }) => id);
    const known = new Set((await this.repository.findIndexed(ids)).map(({ messageId }) => messageId));
    const entries = messages.filter(({ id }) => !known.has(id)).map(entryOf);
    for (const group of groupsOf(entries)) await this.addGroup(group);
    await this.conversations.markTurnsIndexed(turnIds);
    return ids;
  }

  /** Holds the conversations, so that a deletion comes either before, and nothing is added, or after, and finds all. */
  private async addGroup(entries: readonly MessageEntry[]): Promise<void> {
    const conversationIds = [...new Set(entries.map(({ conversationId }) => conversationId))];
    await this.repository.run(async (transaction) => {
      const live = await this.conversations.holdConversations(transaction, conversationIds);
      await this.repository.add(
        transaction,
        entries.filter(({ conversationId }) => live.has(conversationId)),
      );
    });
  }

  private async embed(messages: readonly IndexedMessage[], signal: AbortSignal): Promise<void> {
    await this.inGroups(messages, MESSAGES_A_CALL, signal, (batch) => this.embedBatch(batch, signal));
  }

  private async embedBatch(messages: readonly IndexedMessage[], signal: AbortSignal): Promise<void> {
    const texts = await this.conversations.readMessageTexts(messages.map(({ messageId }) => messageId));
    const live = messages.filter(({ messageId }) => texts.has(messageId));
    // Their conversation was deleted and nobody has erased them yet.
    await this.repository.erase(messages.filter(({ messageId }) => !texts.has(messageId)));
    const inputs = live.map(({ messageId }) => searchableText(texts.get(messageId) ?? ''));
    const vectors = await this.vectorsOf(inputs, signal);
    const quantised = live.map((message, index) => {
      const vector = vectors[index];
      return [message, vector ? quantise(vector) : null] as const;
    });
    await this.repository.setVectors(this.embeddings.embedder, new Map(quantised));
  }

  /** One vector for each text, undefined for those that the embedder refuses. */
  private async vectorsOf(texts: readonly string[], signal: AbortSignal) {
    const vectors = await this.embeddings.embedEach(texts, signal);
    return vectors.map((vector) => {
      if (vector instanceof Float32Array) return vector;
      this.logger.warn('a message cannot be embedded', vector);
      return undefined;
    });
  }
}

function entryOf(message: TextMessage): MessageEntry {
  return {
    ownerKey: ownerKeyOf(message.owner_id),
    messageNo: messageNoOf(message),
    messageId: message.id,
    conversationId: message.conversation_id,
    terms: termsOf(message.text),
  };
}

/** Groups of entries of about as many postings as one transaction writes. */
function groupsOf(entries: readonly MessageEntry[]): MessageEntry[][] {
  const groups: MessageEntry[][] = [];
  let postings = Infinity;
  for (const entry of entries) {
    if (postings + entry.terms.length > POSTINGS_A_TRANSACTION) {
      groups.push([]);
      postings = 0;
    }
    groups.at(-1)?.push(entry);
    postings += entry.terms.length;
  }
  return groups;
}
