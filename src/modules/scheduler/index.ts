export { toScheduleAnswer, toSchedulerAnswer, toSlotAnswer } from './dto/schedule.dto.js';
export { ScheduleOperations } from './operations/schedule-operations.service.js';
export type { Schedule } from './operations/schedule-operations.service.js';
export { schedulerConfig } from './scheduler.config.js';
export { SchedulerModule } from './scheduler.module.js';
export type { SlotRecord } from './store/history.repository.js';
export type { LeaseState, SwitchEntry } from './store/lease.repository.js';
export { forgetSlots } from './tasks/forget-slots.task.js';
