/** Something that has happened in this process, told to whoever listens in it. */
export interface EventDefinition<P = unknown> {
  /** `module.things-done`, in the past tense. */
  readonly name: string;
  /** Never there: it ties the payload's type to the definition. */
  readonly payloadType?: P;
}

/** Declares an event. It stands in the `events/` of the module that emits it, and in its `index.ts`. */
export function defineEvent<P>(name: string): EventDefinition<P> {
  return { name };
}
