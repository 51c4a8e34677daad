import { Module } from '@nestjs/common';
import { AdmissionRepository } from './store/admission.repository.js';
import { FlowRepository } from './store/flow.repository.js';
import { LaneRepository } from './store/lane.repository.js';
import { RunRepository } from './store/run.repository.js';
import { TaskRepository } from './store/task.repository.js';
import { TransitionRepository } from './store/transition.repository.js';
import { UpkeepRepository } from './store/upkeep.repository.js';
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
];

/** Background work that users ask for: it is taken in, told of, cancelled and run again. */
@Module({ providers, exports: providers })
export class TaskModule {}
