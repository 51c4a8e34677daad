import { extractFileGraph, processFile, vectorizeFile } from './modules/file/index.js';
import type { TaskDefinition } from './modules/task/index.js';

/** Every kind of task there is. The worker refuses to start unless each has exactly one handler. */
export const taskKinds: readonly TaskDefinition[] = [processFile, vectorizeFile, extractFileGraph];
