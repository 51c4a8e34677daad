import {
  checkAndEndActivities,
  checkExpiredCoupons,
  checkExpiredInvitationCodes,
  checkExpiredPoints,
} from './modules/engagement/index.js';
import type { PeriodicTask } from './platform/schedule/index.js';

/** Every periodic task there is. The worker refuses to start unless each has exactly one handler. */
export const periodicTasks: readonly PeriodicTask[] = [
  checkExpiredCoupons,
  checkExpiredInvitationCodes,
  checkExpiredPoints,
  checkAndEndActivities,
];
