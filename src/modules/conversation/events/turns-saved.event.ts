import { defineEvent } from '../../../platform/events/index.js';

/** Turns were committed to MySQL by this process. It may come twice for a turn, or not at all if the process dies. */
export const turnsSaved = defineEvent<{ turnIds: readonly string[] }>('conversation.turns-saved');
