export { HealthContributors } from './health-contributors.js';
export type { Finding } from './domain/verdicts.js';
export type { HealthContribution, OverviewFigures } from './health-contributors.js';
export { MonitoringModule } from './monitoring.module.js';
