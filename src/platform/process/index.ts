export { announceReady, runProcess, stopOnSignal } from './run-process.js';
export { waitForDependencies } from './wait-for-dependencies.js';
