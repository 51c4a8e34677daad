import { crc32 } from 'node:zlib';

/** Into how many save queues conversations are spread. Changing it while turns wait would leave them behind. */
export const SAVE_SHARDS = 8;

/** The save queue of a conversation: the same in every process, for ever. */
export function shardOf(conversationId: string): number {
  return crc32(conversationId) % SAVE_SHARDS;
}
