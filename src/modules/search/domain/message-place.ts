import { createHash } from 'node:crypto';
import { hash32 } from '../../../shared/hash.js';

const SEQUENCE_BITS = 10n;
const TIE_BITS = 10n;

/** Under which number all that is indexed of an owner lies: the first eight bytes of the SHA-256 of the id. */
export function ownerKeyOf(ownerId: string): bigint {
  return createHash('sha256').update(ownerId).digest().readBigUInt64BE();
}

/**
 * The number of a message in its owner's index. Numbers ascend with the time of the message, in whatever order
 * messages are indexed; at the same millisecond with its sequence in the conversation, then at random. Two messages
 * of one owner can have the same, so the index takes the next that is free.
 */
export function messageNoOf(message: { id: string; created_at: Date; sequence: number }): bigint {
  const time = BigInt(Math.max(0, message.created_at.getTime()));
  const sequence = BigInt(message.sequence) % (1n << SEQUENCE_BITS);
  const tie = BigInt(hash32(message.id)) % (1n << TIE_BITS);
  return (((time << SEQUENCE_BITS) | sequence) << TIE_BITS) | tie;
}
