import { useSyncExternalStore } from 'react';
import type { ChatSession, ChatSnapshot } from './chat-session.ts';

/** A part of the chat: renders when that part changes, not at each token. */
export function useChat<T>(session: ChatSession, select: (chat: ChatSnapshot) => T): T {
  return useSyncExternalStore(session.subscribe, () => select(session.read()));
}
