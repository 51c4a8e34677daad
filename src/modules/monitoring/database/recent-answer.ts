/** An answer that all who ask within a while share, so that a source is asked no more often than it bears. */
export class RecentAnswer<T> {
  private answer: Promise<T> | undefined;
  private endedAtMs = -Infinity;

  constructor(
    private readonly validMs: number,
    private readonly ask: () => Promise<T>,
  ) {}

  /** The answer that is under way, or one that is not older than `validMs`; that it failed is an answer, too. */
  read(): Promise<T> {
    if (!this.answer || performance.now() - this.endedAtMs > this.validMs) {
      this.endedAtMs = Infinity;
      this.answer = this.ask().finally(() => (this.endedAtMs = performance.now()));
    }
    return this.answer;
  }
}
