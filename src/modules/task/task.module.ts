import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { ConversationModule } from '../conversation/index.js';
import { ProcessRepository } from '../monitoring/index.js';
import { AdmissionRepository } from './store/admission.repository.js';
import { FlowRepository } from './store/flow.repository.js';
import { LaneRepository } from './store/lane.repository.js';
import { OverviewRepository } from './store/overview.repository.js';
import { RunRepository } from './store/run.repository.js';
import { TaskRepository } from './store/task.repository.js';
import { TransitionRepository } from './store/transition.repository.js';
import { UpkeepRepository } from './store/upkeep.repository.js';
import { TaskErasure } from './task-erasure.js';
import { TaskFlows } from './task-flows.service.js';
import { TaskAdmission } from './task-admission.service.js';
import { TaskMonitor } from './task-monitor.service.js';
import { TaskOverview } from './task-overview.service.js';
import { TaskOperator } from './task-operator.service.js';
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
  TaskMonitor,
  TaskOperator,
  OverviewRepository,
  TaskOverview,
];

/** Background work that users ask for: it is taken in, told of, cancelled and run again. */
@Module({
  imports: [AuditModule, ConversationModule],
  providers: [...providers, ProcessRepository, TaskErasure],
  exports: providers,
})
export class TaskModule {}
