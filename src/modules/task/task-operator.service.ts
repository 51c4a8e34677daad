import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/index.js';
import type { Task } from './domain/task.js';
import { TaskService } from './task.service.js';

/** Who acts, and why. */
export interface TaskIntent {
  readonly operatorId: string;
  readonly reason: string;
}

/** What operators do about anybody's tasks. It is in the audit log before it is done. */
@Injectable()
export class TaskOperator {
  constructor(
    private readonly tasks: TaskService,
    private readonly audit: AuditLog,
  ) {}

  /** @throws `task_not_found`, `task_expired`, `task_in_other_state` if it has ended */
  async cancel(intent: TaskIntent, taskId: string): Promise<Task> {
    await this.note(intent, 'task.cancelled', await this.tasks.findAny(taskId));
    return this.tasks.cancelAny(taskId);
  }

  /** @throws `task_not_found`, `task_expired`, `task_in_other_state`, `task_is_duplicate` */
  async requeue(intent: TaskIntent, taskId: string): Promise<Task> {
    await this.note(intent, 'task.requeued', await this.tasks.findAny(taskId));
    return this.tasks.requeueAny(taskId);
  }

  private async note(
    { operatorId, reason }: TaskIntent,
    action: `task.${string}`,
    { id, queue, state }: Task,
  ): Promise<void> {
    await this.audit.record({
      actor: { kind: 'operator', id: operatorId },
      action,
      subjectKind: 'task',
      subjectId: id,
      detail: { queue, state },
      reason,
    });
  }
}
