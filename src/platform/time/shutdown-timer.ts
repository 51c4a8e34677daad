import { Inject, Injectable } from '@nestjs/common';
import { appEnvironmentConfig, type ConfigOf } from '../config/index.js';

/** How long this process may still finish what runs. The time begins when somebody first asks. */
@Injectable()
export class ShutdownTimer {
  private deadline: number | undefined;

  constructor(
    @Inject(appEnvironmentConfig.token) private readonly config: ConfigOf<typeof appEnvironmentConfig>,
  ) {}

  remainingMs(): number {
    const now = performance.now();
    this.deadline ??= now + this.config.shutdownTimeoutMs;
    return Math.max(0, this.deadline - now);
  }
}
