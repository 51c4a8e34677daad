import { forgetSlots } from './modules/scheduler/index.js';
import type { PeriodicTask } from './platform/schedule/index.js';

/** Every periodic task there is. The worker refuses to start unless each has exactly one handler. */
export const periodicTasks: readonly PeriodicTask[] = [forgetSlots];
