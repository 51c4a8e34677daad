import { Module } from '@nestjs/common';
import { ConversationModule } from '../conversation/index.js';
import { AdmissionRepository } from './store/admission.repository.js';
import { FlowRepository } from './store/flow.repository.js';
import { LaneRepository } from './store/lane.repository.js';
import { RunRepository } from './store/run.repository.js';
import { TaskRepository } from './store/task.repository.js';
import { TransitionRepository } from './store/transition.repository.js';
import { UpkeepRepository } from './store/upkeep.repository.js';
import { TaskErasure } from './task-erasure.js';
import { TaskFlows } from './task-flows.service.js';
import { TaskAdmission } from './task-admission.service.js';
import { TaskService } from './task.service.js';

const providers = [
  LaneRepository,
  FlowRepository,
  TaskRepository,
  TransitionRepository,
  AdmissionRepository,
  RunRepository,
  UpkeepRepository,
  TaskAdmission,
  TaskService,
  TaskFlows,
];

/** Background work that users ask for: it is taken in, told of, cancelled and run again. */
@Module({ imports: [ConversationModule], providers: [...providers, TaskErasure], exports: providers })
export class TaskModule {}
