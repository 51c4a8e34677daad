/** Of several that want the same at the same time, lets one fetch it for all. */
export class SharedLoads<T> {
  private readonly running = new Map<string, Promise<T>>();

  /** What `load` gives, or what a load of the same key gives that is under way in this process. */
  run(key: string, load: () => Promise<T>): Promise<T> {
    const running = this.running.get(key);
    if (running) return running;
    const started = load().finally(() => this.running.delete(key));
    this.running.set(key, started);
    return started;
  }
}
