import type { ChatMessage, ContentPart } from '../provider/index.js';
import { messageTooLarge } from './chat.errors.js';

/** @throws message_too_large, naming the limit, if one of these has more than `maxBytes` bytes. */
export function checkMessageSizes(messages: readonly ChatMessage[], maxBytes: number): void {
  for (const message of messages) {
    const bytes = messageBytes(message);
    if (bytes <= maxBytes) continue;
    throw messageTooLarge({
      detail: `A message may have ${maxBytes} bytes with all its parts; this one has ${bytes}.`,
      details: { limit_bytes: maxBytes, message_bytes: bytes },
      param: 'messages',
    });
  }
}

/** The bytes of a message's texts in UTF-8, and of all else in it as JSON. */
export function messageBytes({ role: _role, content, ...rest }: ChatMessage): number {
  const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []);
  const other = Object.keys(rest).length === 0 ? 0 : Buffer.byteLength(JSON.stringify(rest));
  return parts.reduce((bytes, part) => bytes + partBytes(part), other);
}

function partBytes(part: ContentPart): number {
  return Buffer.byteLength(part.type === 'text' ? (part.text ?? '') : JSON.stringify(part));
}
