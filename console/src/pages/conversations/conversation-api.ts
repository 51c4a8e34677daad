import type { TurnStatus } from '../../api/turn-status.ts';

export interface Conversation {
  id: string;
  title: string;
  message_count: number;
  total_tokens: number;
  created_at: string;
  last_activity_at: string;
}

/** What an operator sees of a user's conversation before reading it. */
export interface InspectedConversation extends Omit<Conversation, 'title'> {
  user_id: string;
}

export interface Message {
  id: string;
  turn_id: string;
  sequence: number;
  branch: number;
  role: string;
  content: string;
  extra: Record<string, unknown> | null;
  status: TurnStatus;
  tokens: number;
  created_at: string;
  is_saved: boolean;
}

export interface MessagePage {
  items: Message[];
  earlier_cursor: string | null;
  later_cursor: string | null;
}

export interface SearchHit {
  message_id: string;
  conversation_id: string;
  conversation_title: string;
  turn_id: string;
  role: string;
  created_at: string;
  /** HTML: hits in `<mark>`, everything else escaped. */
  snippet: string;
}

export interface ParkedConversation {
  conversation_id: string;
  turn_id: string;
  error: string;
  parked_at: string;
  waiting_turns: number;
}

export const CONVERSATIONS_PATH = '/api/conversations';
/** A page of a user's conversation, as an operator reads it. */
export interface Inspection extends Conversation {
  user_id: string;
  messages: Message[];
  earlier_cursor: string | null;
  later_cursor: string | null;
}

export const INSPECTION_PATH = '/api/admin/conversations';
export const PARKED_PATH = '/api/admin/parked-conversations';
