import type { EntityType } from './entity.js';

/** What files of an owner name. */
export interface Entity {
  readonly id: string;
  readonly type: EntityType;
  /** The commonest way to write it. */
  readonly name: string;
  readonly normalisedName: string;
  readonly mentionCount: number;
}

export interface Relation {
  readonly id: string;
  readonly fromId: string;
  readonly toId: string;
  /** Empty if the two are only named in one sentence. */
  readonly label: string;
  /** How many chunks say so. */
  readonly statementCount: number;
}

/** The end of a relation that is not this one. */
export function otherEndOf({ fromId, toId }: Relation, id: string): string {
  return fromId === id ? toId : fromId;
}
