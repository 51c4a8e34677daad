import type { Overview } from './overview.ts';

/**
 * `connecting`: no answer yet. `live`: news come. `reconnecting`: the stream broke and is being opened again.
 * `off`: nobody is signed in who may see it.
 */
export type LiveStatus = 'off' | 'connecting' | 'live' | 'reconnecting';

export interface LiveSnapshot {
  readonly status: LiveStatus;
  /** The newest, also while reconnecting: it says itself of when it is. */
  readonly overview: Overview | null;
}

const URL_PATH = '/api/admin/live';
/** Five minutes at one every two seconds: what a plot shows. */
const MOST_POINTS = 150;
const FIRST_BACK_OFF_MS = 500;
const LONGEST_BACK_OFF_MS = 15_000;
/** The stream says something every two seconds; silence this long means that it is dead though it looks open. */
const SILENCE_MS = 20_000;

/**
 * The one live stream of the console and what it told in the last five minutes. Readers are called at each event;
 * plots take `history` without a render of React.
 */
export class LiveStore {
  /** The oldest first. */
  readonly history: Overview[] = [];
  private snapshot: LiveSnapshot = { status: 'off', overview: null };
  private readonly listeners = new Set<() => void>();
  private readonly breakListeners = new Set<() => void>();
  private source: EventSource | null = null;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private silenceTimer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;

  /** Opens the stream; a second call does nothing. */
  start(): void {
    if (this.source || this.retryTimer) return;
    this.change({ status: 'connecting', overview: this.snapshot.overview });
    this.open();
  }

  /** Closes the stream and forgets what it told. */
  stop(): void {
    this.close();
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    this.failures = 0;
    this.history.length = 0;
    this.change({ status: 'off', overview: null });
  }

  readonly read = (): LiveSnapshot => this.snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Calls `listener` each time that the stream breaks. @returns what ends that */
  onBreak(listener: () => void): () => void {
    this.breakListeners.add(listener);
    return () => this.breakListeners.delete(listener);
  }

  private open(): void {
    const source = new EventSource(URL_PATH);
    this.source = source;
    this.watchSilence();
    source.addEventListener('overview', (event: MessageEvent<string>) => {
      this.failures = 0;
      this.watchSilence();
      this.take(JSON.parse(event.data) as Overview);
    });
    source.addEventListener('error', () => this.reopenLater());
  }

  private take(overview: Overview): void {
    this.history.push(overview);
    if (this.history.length > MOST_POINTS) this.history.shift();
    this.change({ status: 'live', overview });
  }

  /** The browser's own reconnecting knows no back-off and gives up on an HTTP error, so it is not left to it. */
  private reopenLater(): void {
    this.close();
    this.change({ status: 'reconnecting', overview: this.snapshot.overview });
    for (const listener of this.breakListeners) listener();
    const backOffMs = Math.min(FIRST_BACK_OFF_MS * 2 ** this.failures, LONGEST_BACK_OFF_MS);
    this.failures += 1;
    this.retryTimer = setTimeout(
      () => {
        this.retryTimer = undefined;
        this.open();
      },
      // Consoles that lost one server do not come back at one moment.
      backOffMs * (0.75 + Math.random() / 2),
    );
  }

  private watchSilence(): void {
    clearTimeout(this.silenceTimer);
    this.silenceTimer = setTimeout(() => this.reopenLater(), SILENCE_MS);
  }

  private close(): void {
    clearTimeout(this.silenceTimer);
    this.source?.close();
    this.source = null;
  }

  private change(snapshot: LiveSnapshot): void {
    this.snapshot = snapshot;
    for (const listener of this.listeners) listener();
  }
}
