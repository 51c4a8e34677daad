export { StatisticsModule } from './statistics.module.js';
export { updateAllUsersStatistics } from './tasks/update-all-users-statistics.task.js';
