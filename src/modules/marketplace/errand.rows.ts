import type { Errand, ErrandOutcome, ErrandState, SettlingErrand } from './domain/errand.js';

/** The columns of an errand without what the expert delivered, which may be long. */
export const ERRAND_COLUMNS = `id, poster_id, expert_id, state, outcome, title, description, reward, payment, deadline_at,
  due_at, dispute_reason, decision_note, created_at, accepted_at, delivered_at, disputed_at, ended_at`;

export interface ErrandRow {
  id: string;
  poster_id: string;
  expert_id: string | null;
  state: ErrandState;
  outcome: ErrandOutcome | null;
  title: string;
  description: string;
  reward: string | number;
  payment: string | number | null;
  deadline_at: Date;
  due_at: Date | null;
  dispute_reason: string | null;
  decision_note: string | null;
  created_at: Date;
  accepted_at: Date | null;
  delivered_at: Date | null;
  disputed_at: Date | null;
  ended_at: Date | null;
}

export type SettlingRow = Pick<ErrandRow, 'id' | 'poster_id' | 'expert_id' | 'payment'>;

export function toErrand(row: ErrandRow): Errand {
  return {
    id: row.id,
    posterId: row.poster_id,
    expertId: row.expert_id,
    state: row.state,
    outcome: row.outcome,
    title: row.title,
    description: row.description,
    reward: BigInt(row.reward),
    payment: row.payment === null ? null : BigInt(row.payment),
    deadlineAt: row.deadline_at,
    dueAt: row.due_at,
    disputeReason: row.dispute_reason,
    decisionNote: row.decision_note,
    createdAt: row.created_at,
    acceptedAt: row.accepted_at,
    deliveredAt: row.delivered_at,
    disputedAt: row.disputed_at,
    endedAt: row.ended_at,
  };
}

export function toSettlingErrand(row: SettlingRow): SettlingErrand {
  return {
    id: row.id,
    posterId: row.poster_id,
    expertId: row.expert_id,
    payment: BigInt(row.payment ?? 0),
  };
}
