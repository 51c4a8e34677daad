import {
  autoEndTimeoutChats,
  cleanupLongInactiveChats,
  processCustomerServiceQueue,
  sendTimeoutWarnings,
} from './modules/support/index.js';
import {
  checkAndEndActivities,
  checkExpiredCoupons,
  checkExpiredInvitationCodes,
  checkExpiredPoints,
} from './modules/engagement/index.js';
import { cancelExpiredTasks, updateFeaturedTaskExpertsResponseTime } from './modules/marketplace/index.js';
import { updateAllUsersStatistics } from './modules/statistics/index.js';
import { forgetExpiredCredentials } from './modules/auth/index.js';
import { expireHolds, reconcileBooks } from './modules/coin-account/index.js';
import { eraseData } from './modules/conversation/index.js';
import { cleanUpFiles } from './modules/file/index.js';
import { embedDocumentsAnew } from './modules/knowledge/index.js';
import { retainLogs } from './modules/logs/index.js';
import { forgetSlots } from './modules/scheduler/index.js';
import { catchUpIndex } from './modules/search/index.js';
import type { PeriodicTask } from './platform/schedule/index.js';

/** Every periodic task there is. The worker refuses to start unless each has exactly one handler. */
export const periodicTasks: readonly PeriodicTask[] = [
  processCustomerServiceQueue,
  autoEndTimeoutChats,
  sendTimeoutWarnings,
  cleanupLongInactiveChats,
  checkExpiredCoupons,
  checkExpiredInvitationCodes,
  checkExpiredPoints,
  checkAndEndActivities,
  cancelExpiredTasks,
  updateFeaturedTaskExpertsResponseTime,
  updateAllUsersStatistics,
  expireHolds,
  eraseData,
  catchUpIndex,
  cleanUpFiles,
  embedDocumentsAnew,
  retainLogs,
  reconcileBooks,
  forgetExpiredCredentials,
  forgetSlots,
];
