import { saveTurns } from './modules/conversation/index.js';
import { indexTurns } from './modules/search/index.js';
import { runFileProcessing, runKgExtraction, runVectorization } from './modules/task/index.js';
import type { JobDefinition } from './platform/queue/index.js';

/** Every kind of background job there is. The worker refuses to start unless each has exactly one handler. */
export const jobDefinitions: readonly JobDefinition[] = [
  saveTurns,
  indexTurns,
  runFileProcessing,
  runVectorization,
  runKgExtraction,
];
