export { indexTurns } from './jobs/index-turns.job.js';
export { SearchModule } from './search.module.js';
export { SearchIndex } from './search-index.service.js';
export { catchUpIndex } from './jobs/catch-up-index.task.js';
