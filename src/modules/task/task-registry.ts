import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, Reflector } from '@nestjs/core';
import { DOES_TASK, type TaskDefinition, type TaskHandler } from './define-task.js';

/** Injects every kind of task there is. */
export const TASK_KINDS = Symbol('task-kinds');

type AnyHandler = TaskHandler<TaskDefinition>;

/** Knows which provider does which kind of task. */
@Injectable()
export class TaskRegistry implements OnModuleInit {
  private handlers: ReadonlyMap<string, AnyHandler> = new Map();

  constructor(
    @Inject(TASK_KINDS) private readonly kinds: readonly TaskDefinition[],
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
  ) {}

  /**
   * Before any job is begun.
   * @throws one Error that lists everything wrong: kinds without a handler or with two, handlers of none listed.
   */
  onModuleInit(): void {
    this.handlers = this.findHandlers();
  }

  /** Undefined for a kind that this version does not know. */
  find(name: string): { definition: TaskDefinition; handler: AnyHandler } | undefined {
    const definition = this.kinds.find((kind) => kind.name === name);
    const handler = this.handlers.get(name);
    return definition && handler && { definition, handler };
  }

  private findHandlers(): Map<string, AnyHandler> {
    const names = this.kinds.map(({ name }) => name);
    const problems = names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((name) => `Two kinds of task have the name ${name}.`);
    const handlers = new Map<string, AnyHandler>();
    for (const { instance, metatype } of this.discovery.getProviders()) {
      if (typeof metatype !== 'function') continue;
      const kind = this.reflector.get<TaskDefinition | undefined>(DOES_TASK, metatype);
      if (!kind) continue;
      if (handlers.has(kind.name)) problems.push(`The task ${kind.name} has two handlers.`);
      if (!this.kinds.includes(kind)) {
        problems.push(`The task ${kind.name} is not listed in app.task-kinds.ts.`);
      }
      handlers.set(kind.name, instance as AnyHandler);
    }
    problems.push(
      ...names.filter((name) => !handlers.has(name)).map((name) => `The task ${name} has no handler.`),
    );
    if (problems.length > 0) throw new Error(`The tasks have problems:\n${problems.join('\n')}`);
    return handlers;
  }
}
