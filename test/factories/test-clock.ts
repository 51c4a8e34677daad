import { Clock } from '../../src/shared/clock.js';
import type { TestApp } from './test-app.js';

/** Sets an application's clock ahead by so many milliseconds (0 sets it right again). */
export function setClockAhead(test: TestApp, aheadMs: number): void {
  test.app.get(Clock).nowMs = () => Date.now() + aheadMs;
}
