export { WorkInProgress } from './work-in-progress.js';
export type { Work } from './work-in-progress.js';
export { WorkModule } from './work.module.js';
