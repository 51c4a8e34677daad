import type { TurnStatus } from '../../api/turn-status.ts';

export interface Conversation {
  id: string;
  title: string;
  message_count: number;
  total_tokens: number;
  created_at: string;
  last_activity_at: string;
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
export const PARKED_PATH = '/api/admin/parked-conversations';
