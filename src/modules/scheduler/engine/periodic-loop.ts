/** Does something again and again, with a pause after each time, never twice at once. */
export class PeriodicLoop {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isAgain = false;
  private isStopped = true;

  /** `work` must not fail. */
  constructor(
    private readonly work: () => Promise<void>,
    private readonly pauseMs: () => number,
  ) {}

  start(): void {
    if (!this.isStopped) return;
    this.isStopped = false;
    this.poke();
  }

  /** Does it now; if it is being done, once more after that. */
  poke(): void {
    if (this.isStopped) return;
    if (this.running) {
      this.isAgain = true;
      return;
    }
    clearTimeout(this.timer);
    this.running = this.work().finally(() => {
      this.running = undefined;
      this.arm(this.isAgain ? 0 : this.pauseMs());
      this.isAgain = false;
    });
  }

  /** Does it at the latest after so long. */
  pokeWithin(ms: number): void {
    if (!this.running) this.arm(ms);
  }

  /** Stops, and waits for the end of what is being done. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private arm(ms: number): void {
    clearTimeout(this.timer);
    if (!this.isStopped) this.timer = setTimeout(() => this.poke(), ms).unref();
  }
}
