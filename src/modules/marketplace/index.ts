export { MarketplaceActivity } from './marketplace-activity.repository.js';
export { marketplaceConfig } from './marketplace.config.js';
export { MarketplaceModule } from './marketplace.module.js';
export { cancelExpiredTasks } from './tasks/cancel-expired-tasks.task.js';
export { updateFeaturedTaskExpertsResponseTime } from './tasks/update-featured-task-experts-response-time.task.js';
