interface Entry<V> {
  value: V;
  storedAtMs: number;
}

/** A map whose entries are good for a fixed time, and that forgets the oldest when there are too many. */
export class TtlCache<K, V> {
  private readonly entries = new Map<K, Entry<V>>();

  constructor(
    private readonly ttlMs: number,
    private readonly maxEntries: number,
    private readonly nowMs: () => number,
  ) {}

  get(key: K): V | undefined {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    const ageMs = this.nowMs() - entry.storedAtMs;
    // A negative age means that the clock was set back; then how old the entry is cannot be known.
    return ageMs >= 0 && ageMs < this.ttlMs ? entry.value : undefined;
  }

  /** What was stored last, also if its time is up: for whoever can judge its age otherwise. */
  recall(key: K): V | undefined {
    return this.entries.get(key)?.value;
  }

  set(key: K, value: V): void {
    this.entries.delete(key);
    this.entries.set(key, { value, storedAtMs: this.nowMs() });
    if (this.entries.size <= this.maxEntries) return;
    const [oldest] = this.entries.keys();
    if (oldest !== undefined) this.entries.delete(oldest);
  }

  delete(key: K): void {
    this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }
}
