import { forgetExpiredCredentials } from './modules/auth/index.js';
import { expireHolds, reconcileBooks } from './modules/coin-account/index.js';
import { eraseData } from './modules/conversation/index.js';
import { retainLogs } from './modules/logs/index.js';
import { forgetSlots } from './modules/scheduler/index.js';
import { catchUpIndex } from './modules/search/index.js';
import type { PeriodicTask } from './platform/schedule/index.js';

/** Every periodic task there is. The worker refuses to start unless each has exactly one handler. */
export const periodicTasks: readonly PeriodicTask[] = [
  expireHolds,
  eraseData,
  catchUpIndex,
  retainLogs,
  reconcileBooks,
  forgetExpiredCredentials,
  forgetSlots,
];
