import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import type { Citation } from '../../conversation/index.js';
import { FileService } from '../../file/index.js';
import { CollectionService, type Passage, PassageSearch } from '../../knowledge/index.js';
import { chatConfig } from '../chat.config.js';
import { ConversationCollectionRepository } from './conversation-collection.repository.js';
import type { CitedPassage } from './passage-prompt.js';

/** A search takes no longer characters; the end of a question says most of what is asked. */
const MAX_QUERY_CHARACTERS = 500;

/** Finds in the documents of a user what a turn can be answered from. */
@Injectable()
export class TurnKnowledge {
  constructor(
    private readonly search: PassageSearch,
    private readonly collections: CollectionService,
    private readonly files: FileService,
    private readonly repository: ConversationCollectionRepository,
    @Inject(chatConfig.token) private readonly config: ConfigOf<typeof chatConfig>,
  ) {}

  /** The collections of a conversation that are there. Whose it is has been checked. */
  async collectionsOf(ownerId: string, conversationId: string): Promise<string[]> {
    const named = await this.repository.list(conversationId);
    return named.length === 0 ? [] : this.collections.ownedAmong(ownerId, named);
  }

  /** Has the turns of a conversation answered from these collections. @throws collection_not_found */
  async setCollections(ownerId: string, conversationId: string, ids: readonly string[]): Promise<void> {
    const distinct = [...new Set(ids)];
    if (distinct.length > 0) await this.collections.check(ownerId, distinct);
    await this.repository.replace(conversationId, distinct);
  }

  /**
   * The passages that a question can best be answered from, the best first.
   * @param asked what the request names; undefined: what its conversation does
   * @throws collection_not_found for one that the request names
   */
  async passagesFor(
    ownerId: string,
    { asked, conversationId }: { asked?: readonly string[] | undefined; conversationId?: string | undefined },
    question: string,
    signal: AbortSignal,
  ): Promise<CitedPassage[]> {
    const stored = conversationId === undefined ? [] : await this.collectionsOf(ownerId, conversationId);
    const collectionIds = asked ?? stored;
    const query = lastCharacters(question.trim(), MAX_QUERY_CHARACTERS);
    if (collectionIds.length === 0 || query === '') return [];
    const limit = this.config.passages;
    const { passages } = await this.search.search(ownerId, { query, collectionIds, limit }, signal);
    return this.cite(ownerId, passages);
  }

  private async cite(ownerId: string, passages: readonly Passage[]): Promise<CitedPassage[]> {
    const ids = [...new Set(passages.map(({ chunk }) => chunk.fileId))];
    const files = await this.files.findPresent(ownerId, ids);
    return passages.flatMap(({ chunk, snippet }, index) => {
      const file = files.get(chunk.fileId);
      // It is being deleted.
      if (!file) return [];
      const citation: Citation = {
        index: index + 1,
        file_id: chunk.fileId,
        file_name: file.name,
        media_type: file.mediaType,
        chunk_id: chunk.id,
        place: chunk.place,
        snippet,
      };
      return [{ citation, text: chunk.text }];
    });
  }
}

function lastCharacters(text: string, count: number): string {
  return Array.from(text).slice(-count).join('');
}
