export { HealthContributors } from './health-contributors.js';
export type { Finding } from './domain/verdicts.js';
export type { HealthContribution, OverviewFigures } from './health-contributors.js';
export { MonitoringModule } from './monitoring.module.js';
export { ProcessRepository } from './processes/process.repository.js';
export type { HeardProcess } from './domain/process-state.js';
