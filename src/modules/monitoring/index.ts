export { HealthContributors } from './health-contributors.js';
export type { HealthContribution } from './health-contributors.js';
export { MonitoringModule } from './monitoring.module.js';
