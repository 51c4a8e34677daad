import { Injectable } from '@nestjs/common';
import { Handles, type JobHandler, type JobRun } from '../../../platform/queue/index.js';
import { TaskRunner } from '../engine/task-runner.js';
import { runFileProcessing, runKgExtraction, type RunPayload, runVectorization } from './task-queues.js';

@Injectable()
@Handles(runFileProcessing)
export class RunFileProcessingHandler implements JobHandler<typeof runFileProcessing> {
  constructor(private readonly runner: TaskRunner) {}

  handle(payload: RunPayload, { signal }: JobRun): Promise<void> {
    return this.runner.run(payload, signal);
  }
}

@Injectable()
@Handles(runVectorization)
export class RunVectorizationHandler implements JobHandler<typeof runVectorization> {
  constructor(private readonly runner: TaskRunner) {}

  handle(payload: RunPayload, { signal }: JobRun): Promise<void> {
    return this.runner.run(payload, signal);
  }
}

@Injectable()
@Handles(runKgExtraction)
export class RunKgExtractionHandler implements JobHandler<typeof runKgExtraction> {
  constructor(private readonly runner: TaskRunner) {}

  handle(payload: RunPayload, { signal }: JobRun): Promise<void> {
    return this.runner.run(payload, signal);
  }
}
