import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService, Reflector } from '@nestjs/core';
import {
  findTaskHandlers,
  type PeriodicTask,
  type PeriodicTaskHandler,
} from '../../../platform/schedule/index.js';

/** The periodic tasks of the product, injected. */
export const PERIODIC_TASKS = Symbol('periodic-tasks');

/** A task with what does it. */
export interface RunnableTask {
  readonly task: PeriodicTask;
  readonly handler: PeriodicTaskHandler;
}

/** The tasks that this process can run. */
@Injectable()
export class TaskRegistry {
  private runnable: ReadonlyMap<string, RunnableTask> = new Map();

  constructor(
    @Inject(PERIODIC_TASKS) readonly tasks: readonly PeriodicTask[],
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
  ) {}

  /** Finds the handlers. @throws an Error that lists everything wrong with the tasks. */
  load(): void {
    const handlers = findTaskHandlers(this.tasks, this.discovery, this.reflector);
    this.runnable = new Map(
      this.tasks.flatMap((task) => {
        const handler = handlers.get(task.name);
        return handler ? [[task.name, { task, handler }]] : [];
      }),
    );
  }

  get names(): string[] {
    return this.tasks.map(({ name }) => name);
  }

  find(name: string): RunnableTask | undefined {
    return this.runnable.get(name);
  }
}
