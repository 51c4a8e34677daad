/** What support chats are made of, and the words for it. */

export const chatStates = ['waiting', 'active', 'ended', 'archived'] as const;
/** `waiting` for an agent, `active` with one, `ended`, and later `archived`. */
export type ChatState = (typeof chatStates)[number];

export const endReasons = ['user', 'agent', 'operator', 'timeout', 'unanswered', 'erased'] as const;
/** Who or what ended a chat. `timeout`: nobody wrote; `unanswered`: no agent came. */
export type EndReason = (typeof endReasons)[number];

export const senders = ['user', 'agent', 'system'] as const;
export type Sender = (typeof senders)[number];

export const systemEvents = ['assigned', 'transferred', 'requeued', 'warned', 'ended'] as const;
/** What a message of the system is about. */
export type SystemEvent = (typeof systemEvents)[number];

/** What the system says in a chat. */
export const systemTexts: Record<SystemEvent, string> = {
  assigned: 'An agent has joined the chat.',
  transferred: 'Another agent has taken over the chat.',
  requeued: 'The chat waits for another agent.',
  warned: 'Nobody has written for a while. The chat ends soon unless somebody does.',
  ended: 'The chat has ended.',
};

/** A chat as it stands in the database. */
export interface Chat {
  id: string;
  /** Its place in the order of all chats. */
  number: string;
  user_id: string;
  agent_id: string | null;
  avoided_agent_id: string | null;
  state: ChatState;
  end_reason: EndReason | null;
  opened_at: Date;
  assigned_at: Date | null;
  last_activity_at: Date;
  warned_at: Date | null;
  ended_at: Date | null;
  last_sequence: number;
  rating: number | null;
  rating_comment: string | null;
}

/** A message as it stands in the database. */
export interface Message {
  chat_id: string;
  sequence: number;
  sender: Sender;
  sender_id: string | null;
  client_message_id: string | null;
  event: SystemEvent | null;
  /** Null once the text has been erased. */
  content: string | null;
  created_at: Date;
}

/** What somebody is to a chat. */
export type Side = 'user' | 'agent' | 'operator';
