export { announceReady, requestStop, runProcess, stopOnSignal } from './run-process.js';
export { waitForDependencies } from './wait-for-dependencies.js';
export { productVersion } from './product-version.js';
