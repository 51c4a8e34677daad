/** A number of places that are taken and given back; whoever finds none may wait for a while. */
export class Slots {
  private readonly waiting: Set<() => void> = new Set();
  private taken = 0;

  constructor(private readonly count: number) {}

  /** Takes a place if there is one. @returns what gives it back, once. */
  tryTake(): (() => void) | undefined {
    if (this.taken >= this.count) return undefined;
    this.taken++;
    return this.release();
  }

  /** Takes a place, at once or within `patienceMs` in the order of asking. Undefined if there was none. */
  async take(patienceMs: number): Promise<(() => void) | undefined> {
    const free = this.waiting.size === 0 ? this.tryTake() : undefined;
    if (free) return free;
    const isOurTurn = await new Promise<boolean>((resolve) => {
      const begin = () => {
        clearTimeout(timer);
        this.waiting.delete(begin);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.waiting.delete(begin);
        resolve(false);
      }, patienceMs);
      this.waiting.add(begin);
    });
    // A place that is given back while somebody waits stays taken, and changes hands.
    return isOurTurn ? this.release() : undefined;
  }

  private release(): () => void {
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.giveBack();
    };
  }

  private giveBack(): void {
    const [next] = this.waiting;
    if (next) next();
    else this.taken--;
  }
}
