import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';
import { Erasers } from '../../conversation/index.js';

/** The rows of `conversation_collections`. They go with their conversation. */
@Injectable()
export class ConversationCollectionRepository implements OnModuleInit {
  constructor(
    private readonly transactions: Transactions,
    private readonly erasers: Erasers,
  ) {}

  onModuleInit(): void {
    this.erasers.register('conversation-collections', {
      eraseConversation: (conversationId) => this.replace(conversationId, []),
    });
  }

  /** In the order of their ids. */
  async list(conversationId: string): Promise<string[]> {
    const rows: { collection_id: string }[] = await this.transactions.single.query(
      'SELECT collection_id FROM conversation_collections WHERE conversation_id = ? ORDER BY collection_id',
      [conversationId],
    );
    return rows.map((row) => row.collection_id);
  }

  /** Has a conversation these collections and no others. */
  async replace(conversationId: string, collectionIds: readonly string[]): Promise<void> {
    await this.transactions.run(async (transaction) => {
      await transaction.query('DELETE FROM conversation_collections WHERE conversation_id = ?', [
        conversationId,
      ]);
      if (collectionIds.length === 0) return;
      await transaction.query(
        'INSERT INTO conversation_collections (conversation_id, collection_id) VALUES ?',
        [collectionIds.map((id) => [conversationId, id])],
      );
    });
  }
}
