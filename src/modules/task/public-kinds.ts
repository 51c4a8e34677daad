import { Inject, Injectable } from '@nestjs/common';
import type { TaskDefinition } from './define-task.js';
import { taskKindUnknown } from './task.errors.js';
import { TASK_KINDS } from './task-registry.js';

/** The kinds of task that users submit themselves. */
@Injectable()
export class PublicKinds {
  constructor(@Inject(TASK_KINDS) private readonly kinds: readonly TaskDefinition[]) {}

  /** @throws `task_kind_unknown` */
  get(name: string): TaskDefinition {
    const kind = this.kinds.find((each) => each.isPublic && each.name === name);
    if (!kind) {
      const names = this.kinds.filter((each) => each.isPublic).map((each) => each.name);
      throw taskKindUnknown({ param: 'name', details: { names } });
    }
    return kind;
  }
}
