import { SetMetadata } from '@nestjs/common';
import type { JobDefinition, JobHandler } from './define-job.js';

export const HANDLES_JOB = 'lockkeeper:handles-job';

/** Marks the provider that does a job: exactly one in the worker for each job there is. */
export function Handles<P>(definition: JobDefinition<P>) {
  return (target: new (...args: never[]) => JobHandler<JobDefinition<P>>): void => {
    SetMetadata(HANDLES_JOB, definition)(target);
  };
}
