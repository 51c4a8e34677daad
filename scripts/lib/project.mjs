import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the project's root, whatever directory a command is called from. */
export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
