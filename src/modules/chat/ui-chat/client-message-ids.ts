import { derivedId, idSchema } from '../../../shared/ids.js';

/** How many texts of one message are told apart by their ids. Beyond that an edit still works, under a new id. */
const MAX_VERSIONS = 32;

/** The ids under which a conversation can have what a client calls a message. */
export interface MessageVersions {
  /** The client's id itself, if it is one that we may have told it. */
  readonly given: string | undefined;
  /** What derives from the client's id: the message as first sent, then each edit, for which the client keeps its id. */
  readonly derived: readonly string[];
}

export function versionsOf(conversationId: string, clientId: string): MessageVersions {
  const derived: string[] = [];
  for (let id = conversationId; derived.length < MAX_VERSIONS;) {
    id = derivedId(id, clientId);
    derived.push(id);
  }
  return { given: idSchema.safeParse(clientId).data, derived };
}

/** The version that was stored last; undefined if none is. */
export function latestVersion(
  { given, derived }: MessageVersions,
  storedIds: ReadonlySet<string>,
): string | undefined {
  return (
    derived.findLast((id) => storedIds.has(id)) ??
    (given !== undefined && storedIds.has(given) ? given : undefined)
  );
}

/** The id to store the next version under. Never the client's own: it could be that of a message elsewhere. */
export function nextVersion(
  { derived }: MessageVersions,
  storedIds: ReadonlySet<string>,
): string | undefined {
  return derived[derived.findLastIndex((id) => storedIds.has(id)) + 1];
}

/** All ids that a message can be stored under. */
export function idsOf({ given, derived }: MessageVersions): string[] {
  return given === undefined ? [...derived] : [given, ...derived];
}
