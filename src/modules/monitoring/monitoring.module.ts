import { type DynamicModule, Module } from '@nestjs/common';
import { HealthContributors } from './health-contributors.js';
import type { ProcessRole } from './domain/process-state.js';
import { PROCESS_ROLE, ProcessHeartbeat } from './processes/process-heartbeat.js';
import { ProcessRepository } from './processes/process.repository.js';

/** What every process has: its heartbeat, and the place where features register their health. */
@Module({})
export class MonitoringModule {
  static forRole(role: ProcessRole): DynamicModule {
    return {
      module: MonitoringModule,
      global: true,
      providers: [
        HealthContributors,
        ProcessRepository,
        ProcessHeartbeat,
        { provide: PROCESS_ROLE, useValue: role },
      ],
      exports: [HealthContributors, ProcessRepository],
    };
  }
}
