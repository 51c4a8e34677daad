import { Injectable } from '@nestjs/common';
import type { Transaction } from '../../platform/database/index.js';
import { collectionNotFound } from './file.errors.js';

/** Who keeps the collections that files can be put into. */
export interface CollectionKeeper {
  /** @throws collection_not_found if it is not there, or not this user's. */
  checkOwn(ownerId: string, collectionId: string): Promise<void>;
  /** Puts a file of the user into a collection, as a part of a transaction; one that is in it stays. @throws as above. */
  add(transaction: Transaction, ownerId: string, collectionId: string, fileId: string): Promise<void>;
}

/** Where the module that keeps collections makes itself known, since this one does not know it. */
@Injectable()
export class CollectionRegistry implements CollectionKeeper {
  private keeper: CollectionKeeper | undefined;

  /** Call it when the module starts. @throws if there is one already. */
  register(keeper: CollectionKeeper): void {
    if (this.keeper) throw new Error('The keeper of collections is registered twice.');
    this.keeper = keeper;
  }

  async checkOwn(ownerId: string, collectionId: string): Promise<void> {
    await this.known().checkOwn(ownerId, collectionId);
  }

  async add(transaction: Transaction, ownerId: string, collectionId: string, fileId: string): Promise<void> {
    await this.known().add(transaction, ownerId, collectionId, fileId);
  }

  private known(): CollectionKeeper {
    if (!this.keeper) throw collectionNotFound({ param: 'collection_id' });
    return this.keeper;
  }
}
