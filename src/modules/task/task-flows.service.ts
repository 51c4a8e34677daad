import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';
import { invalidRequest } from '../../platform/errors/index.js';
import { newId } from '../../shared/ids.js';
import type { TaskDefinition } from './define-task.js';
import type { Task, TaskQueueName } from './domain/task.js';
import type { TaskOptions } from './domain/task-options.js';
import { FlowRepository, type FlowSummary } from './store/flow.repository.js';
import { TaskRepository } from './store/task.repository.js';
import { TaskAdmission } from './task-admission.service.js';
import { taskFlowNotFound } from './task.errors.js';
import { TaskService } from './task.service.js';

/** A task of a flow. Deduplication is not for flows: another's task would not move this one on. */
export interface TaskOfFlow {
  readonly definition: TaskDefinition;
  readonly payload: unknown;
  readonly options?: Omit<Partial<TaskOptions>, 'deduplicationKey'>;
}

/** A flow as it was accepted: the ids of its tasks, step by step. */
export interface FlowReceipt {
  readonly flowId: string;
  readonly steps: readonly (readonly string[])[];
}

export const MAX_FLOW_TASKS = 100;

/** Takes in tasks that wait for each other: a chain of steps, each of one task or of several that may run at once. */
@Injectable()
export class TaskFlows {
  constructor(
    private readonly transactions: Transactions,
    private readonly flows: FlowRepository,
    private readonly tasks: TaskRepository,
    private readonly service: TaskService,
    private readonly admission: TaskAdmission,
  ) {}

  /**
   * Accepts all tasks of a flow, or none. Those of the first step are queued, the others deferred. If a task fails for
   * good or is cancelled, what waits for it is cancelled (`dependency_failed`); requeue it, and they wait again.
   * @throws `invalid_request`, `task_quota_exceeded`
   */
  async submit(ownerId: string, steps: readonly (readonly TaskOfFlow[])[]): Promise<FlowReceipt> {
    const all = steps.flat();
    if (all.length > MAX_FLOW_TASKS || steps.some((step) => step.length === 0)) {
      throw invalidRequest({
        param: 'steps',
        detail: `A flow has up to ${MAX_FLOW_TASKS} tasks, and no step is empty.`,
      });
    }
    const receipt = await this.transactions.run(async (transaction) => {
      const flowId = newId();
      await this.flows.insert(transaction, flowId, ownerId, steps.length, steps[0]?.length ?? 0);
      const ids: string[][] = [];
      for (const [step, group] of steps.entries()) {
        const idsOfStep: string[] = [];
        for (const { definition, payload, options } of group) {
          const place = { id: flowId, step };
          const { taskId } = await this.service.submitWithin(
            transaction,
            ownerId,
            definition,
            payload,
            { ...options, deduplicationKey: undefined },
            place,
          );
          idsOfStep.push(taskId);
        }
        ids.push(idsOfStep);
      }
      return { flowId, steps: ids };
    });
    const queues = new Set<TaskQueueName>((steps[0] ?? []).map(({ definition }) => definition.queue));
    for (const queue of queues) this.admission.hasten(queue);
    return receipt;
  }

  /** A user's flows, the newest first. */
  async list(
    ownerId: string,
    beforeId: string | undefined,
    limit: number,
  ): Promise<{ flows: FlowSummary[]; nextId: string | null }> {
    const found = await this.flows.listOf(ownerId, beforeId, limit + 1);
    const flows = found.slice(0, limit);
    return { flows, nextId: found.length > limit ? (flows.at(-1)?.id ?? null) : null };
  }

  /** A flow with those of its tasks that are still kept, step by step. @throws `task_flow_not_found` */
  async find(ownerId: string, flowId: string): Promise<{ currentStep: number; steps: Task[][] }> {
    const flow = await this.flows.find(flowId);
    if (!flow || flow.ownerId !== ownerId) throw taskFlowNotFound();
    const tasks = await this.tasks.listOfFlow(flowId, MAX_FLOW_TASKS);
    const steps = Array.from({ length: flow.steps }, (_, step) => tasks.filter((task) => task.step === step));
    return { currentStep: flow.currentStep, steps };
  }
}
