export { engagementConfig } from './engagement.config.js';
export { EngagementModule } from './engagement.module.js';
export { PointService } from './points/point.service.js';
export { checkAndEndActivities } from './tasks/check-and-end-activities.task.js';
export { checkExpiredCoupons } from './tasks/check-expired-coupons.task.js';
export { checkExpiredInvitationCodes } from './tasks/check-expired-invitation-codes.task.js';
export { checkExpiredPoints } from './tasks/check-expired-points.task.js';
