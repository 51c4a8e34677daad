export const taskStates = [
  'disputed',
  'open',
  'accepted',
  'delivered',
  'settling',
  'completed',
  'cancelled',
] as const;
export type TaskState = (typeof taskStates)[number] | 'posting';

export interface Task {
  id: string;
  poster_id: string;
  expert_id: string | null;
  state: TaskState;
  title: string;
  description: string;
  reward: string;
  payment: string | null;
  deadline_at: string;
  dispute_reason: string | null;
  decision_note: string | null;
  created_at: string;
  /** Only in the answer for one task. */
  delivery?: string | null;
}

export const TASKS_PATH = '/api/admin/marketplace/tasks';
