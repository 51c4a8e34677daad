import { definePeriodicTask } from '../../../platform/schedule/index.js';

export const embedDocumentsAnew = definePeriodicTask({
  name: 'embed-documents-anew',
  description: 'After a change of the embedder, embeds documents again that have vectors of the former one.',
  cron: '* * * * *',
  priority: 8,
  // The next slot goes on.
  retries: 0,
  retryDelayMs: 0,
  softLimitMs: 50_000,
  hardLimitMs: 300_000,
  catchUp: { mode: 'latest' },
});
