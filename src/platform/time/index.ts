export { ShutdownTimer } from './shutdown-timer.js';
export { TimeModule } from './time.module.js';
