import type { NamedSpan, Reading, SpanRelation } from './extraction.js';

/** A name in a sentence. */
export interface SentenceName extends NamedSpan {
  /** True if the word before it says that it does what the verb says: "bought by", 被. */
  readonly isAgent: boolean;
  /** True if the word before it says where, when or whose: "in London", 在杭州. It does nothing itself. */
  readonly isCircumstance: boolean;
}

/** What somebody does in a sentence. */
export interface SentenceVerb {
  readonly start: number;
  /** Its base form. */
  readonly base: string;
  /** The base form with the preposition behind it, if there is one: "work with". */
  readonly label: string;
  readonly isPassive: boolean;
}

/** What the grammar of a sentence has told. Both are in the order of the text. */
export interface SentenceReading {
  readonly names: readonly SentenceName[];
  readonly verbs: readonly SentenceVerb[];
}

/** So many names further on, two names of a sentence are no longer put in relation. */
const MAX_DISTANCE = 3;

/** What sentences say, one after the other: their names, and which are in relation. */
export function readSentences(sentences: readonly SentenceReading[]): Reading {
  const spans: NamedSpan[] = [];
  const relations: SpanRelation[] = [];
  for (const sentence of sentences) {
    const offset = spans.length;
    for (const { type, start, end } of sentence.names) spans.push({ type, start, end });
    for (const { from, to, label } of relationsIn(sentence)) {
      relations.push({ from: from + offset, to: to + offset, label });
    }
  }
  return { spans, relations };
}

/**
 * Names of one sentence that are near each other are in relation by the verb between them. Neighbours are without one
 * too. If there are verbs on both sides of a name between them that is no circumstance, it is not known what the sentence
 * says of the two.
 */
function relationsIn({ names, verbs }: SentenceReading): SpanRelation[] {
  const relations: SpanRelation[] = [];
  names.forEach((first, from) => {
    for (let to = from + 1; to <= Math.min(from + MAX_DISTANCE, names.length - 1); to++) {
      const second = names[to];
      if (!second) continue;
      const between = verbs.filter(({ start }) => start >= first.end && start < second.start);
      const verb = between.at(-1);
      if (!verb) {
        if (to === from + 1) relations.push({ from, to, label: undefined });
      } else if (verb.isPassive && second.isAgent) {
        relations.push({ from: to, to: from, label: verb.base });
      } else if (!first.isCircumstance && isOneStatement(names.slice(from + 1, to), between)) {
        relations.push({ from, to, label: labelFor(verb, names.slice(from + 1, to)) });
      }
    }
  });
  return relations;
}

/** Whether the verbs between two names stand together, as far as names that can do something tell. */
function isOneStatement(inner: readonly SentenceName[], verbs: readonly SentenceVerb[]): boolean {
  const dividing = inner.filter(({ isCircumstance }) => !isCircumstance);
  return new Set(verbs.map(({ start }) => dividing.filter((name) => name.end <= start).length)).size <= 1;
}

/** The preposition behind a verb belongs to the name that comes next. */
function labelFor(verb: SentenceVerb, inner: readonly SentenceName[]): string {
  return inner.some((name) => name.start > verb.start) ? verb.base : verb.label;
}
