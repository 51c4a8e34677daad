/** What is said of a piece of work that is traced. */
export interface SpanDescription {
  readonly name: string;
  /** Whether it is begun by somebody outside (`server`), by a job (`consumer`), or is a part of what goes on. */
  readonly kind: 'server' | 'consumer' | 'internal';
  /** Where it comes from if not from what goes on here: a W3C `traceparent`. One that is malformed is passed over. */
  readonly parent?: string | undefined;
  readonly attributes?: Readonly<Record<string, string | number>>;
}

/** A piece of work that is being traced. */
export interface OpenSpan {
  readonly traceId: string;
  /** Runs `body`, and all that it starts, as parts of this. */
  enter<T>(body: () => T): T;
  setAttribute(name: string, value: string | number): void;
  /** It is over; with a reason, it has failed. */
  end(failure?: string): void;
}

/** Records traces and sends them somewhere. */
export interface TraceBackend {
  open(description: SpanDescription): OpenSpan;
  /** The W3C `traceparent` of what goes on here. */
  traceparent(): string | undefined;
}

/** Undefined while nothing is traced: then all of this costs one comparison. */
let backend: TraceBackend | undefined;

/** Traces from now on. Returns how to end it. */
export function installBackend(installed: TraceBackend): () => void {
  backend = installed;
  return () => {
    if (backend === installed) backend = undefined;
  };
}

/** What to give to others who go on with the work of this place; undefined if it is not traced. */
export function currentTraceparent(): string | undefined {
  return backend?.traceparent();
}

/** Begins a piece of work; undefined if nothing is traced. Whoever gets one has to end it. */
export function openSpan(description: SpanDescription): OpenSpan | undefined {
  return backend?.open(description);
}

/** Does a piece of work as one span, which has failed if the work has. */
export async function withSpan<T>(describe: () => SpanDescription, work: () => Promise<T>): Promise<T> {
  if (!backend) return work();
  const span = backend.open(describe());
  try {
    const result = await span.enter(work);
    span.end();
    return result;
  } catch (error) {
    span.end(error instanceof Error ? error.message : String(error));
    throw error;
  }
}
