import { defineEvent } from '../../../platform/events/index.js';

/** Lines have been committed to the table `logs` by this process. */
export const logsStored = defineEvent<{ deviceIds: readonly string[]; count: number }>('logs.logs-stored');
