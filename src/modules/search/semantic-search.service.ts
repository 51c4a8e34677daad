import { Injectable } from '@nestjs/common';
import { splitWords } from '../../shared/words.js';
import { ConversationService, type OwnedMessage } from '../conversation/index.js';
import { EmbeddingsService } from '../provider/index.js';
import { ownerKeyOf } from './domain/message-place.js';
import { findLikenesses, parseQuery } from '../../shared/search/search-query.js';
import { snippetOf } from '../../shared/search/snippet.js';
import { searchableText } from '../../shared/search/terms.js';
import { cosine } from '../../shared/search/vectors.js';
import type { SearchHit } from './exact-search.service.js';
import { SearchRepository } from './search.repository.js';

/** How many of an owner's messages are compared: the newest. */
const MAX_COMPARED = 20_000;
const VECTORS_A_READ = 1_000;
/** The best are kept in some number, since those of deleted conversations fall out when they are read. */
const SPARE = 150;

interface Likeness {
  messageId: string;
  score: number;
}

/** Finds messages that are like a text, by their vectors. */
@Injectable()
export class SemanticSearch {
  constructor(
    private readonly repository: SearchRepository,
    private readonly conversations: ConversationService,
    private readonly embeddings: EmbeddingsService,
  ) {}

  /**
   * Those of the owner's newest 20,000 messages that are most like `typed`, the best first. Messages whose vectors
   * another embedder made are left out.
   * @throws a provider error
   */
  async search(ownerId: string, typed: string, limit: number, signal: AbortSignal): Promise<SearchHit[]> {
    const [wanted] = await this.embeddings.embed([typed], signal);
    if (!wanted) return [];
    const best = await this.findBest(ownerKeyOf(ownerId), wanted, limit + SPARE);
    const query = parseQuery(typed);
    const hits: SearchHit[] = [];
    for (let start = 0; start < best.length && hits.length < limit; start += limit) {
      const batch = best.slice(start, start + limit);
      const messages = await this.conversations.readOwnedMessages(
        ownerId,
        batch.map(({ messageId }) => messageId),
      );
      const byId = new Map(messages.map((message) => [message.id, message]));
      for (const { messageId, score } of batch) {
        const message = byId.get(messageId);
        if (message) hits.push({ message, snippet: snippetFor(message, query), score });
      }
    }
    return hits.slice(0, limit);
  }

  private async findBest(ownerKey: bigint, wanted: Float32Array, count: number): Promise<Likeness[]> {
    let best: Likeness[] = [];
    let before: bigint | undefined;
    for (let compared = 0; compared < MAX_COMPARED; compared += VECTORS_A_READ) {
      const { vectors, rows, last } = await this.repository.listVectors(
        ownerKey,
        this.embeddings.embedder,
        before,
        VECTORS_A_READ,
      );
      const scored = vectors.map(({ messageId, vector }) => ({ messageId, score: cosine(wanted, vector) }));
      best = [...best, ...scored.filter(({ score }) => score > 0)]
        .sort((a, b) => b.score - a.score)
        .slice(0, count);
      if (rows < VECTORS_A_READ) break;
      before = last;
    }
    return best;
  }
}

function snippetFor(message: OwnedMessage, query: ReturnType<typeof parseQuery>): string {
  const text = searchableText(message.text);
  return snippetOf(text, findLikenesses(query, splitWords(text)));
}
