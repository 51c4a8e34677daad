import nlp from 'compromise';
import type { EntityType } from '../domain/entity.js';
import type { SentenceName, SentenceReading, SentenceVerb } from '../domain/sentence.js';

/** The parts that we read of a term of compromise. */
interface ParsedTerm {
  readonly text: string;
  readonly pre: string;
  readonly post: string;
  readonly normal: string;
  readonly root?: string;
  readonly tags: ReadonlySet<string>;
}

interface Term extends ParsedTerm {
  readonly start: number;
  readonly end: number;
}

/** A name as far as it has been read. */
interface OpenName {
  readonly terms: Term[];
  kind: EntityType | undefined;
}

const KIND_OF_TAG: readonly (readonly [tag: string, kind: EntityType])[] = [
  ['Organization', 'organisation'],
  ['Person', 'person'],
  ['Place', 'place'],
];
const LEGAL_FORM =
  /^(inc|ltd|llc|llp|plc|corp|corporation|company|co|gmbh|ag|sa|bv|nv|oy|ab|foundation|university|institute|association|committee|ministry|agency)$/i;
const EVENT =
  /^(war|summit|conference|olympics|festival|revolution|battle|congress|symposium|championship|championships|cup|expo|earthquake|games|wars)$/i;
/** What "of" and a name may follow in the name of an organisation. */
const HEAD_OF =
  /^(bank|university|institute|ministry|department|college|academy|museum|council|bureau|court|house)$/i;
/** A capital inside, or a digit: TensorFlow, iPhone, GPT4, Node.js. */
const PRODUCT_FORM = /\p{Ll}\p{Lu}|\p{L}\d|\.(js|io|net)$/u;
const ACRONYM = /^\p{Lu}{2,}$/u;
const HAS_LETTER = /\p{L}/u;
const CAPITAL = /^\p{Lu}/u;
const NEVER_A_NAME = [
  'Pronoun',
  'Determiner',
  'Date',
  'Month',
  'WeekDay',
  'Conjunction',
  'Preposition',
  'Verb',
  'QuestionWord',
  'Adverb',
  'TextValue',
];
/** Signs of headings, lists and quotes, which it takes for words. Those between cells divide, as a semicolon does. */
const MARKUP = /^[ \t]*[#>*+-]+(?=\s)/gmu;
/** Code and tables are no names. */
const NAME_FORM = /^[\p{L}\p{N}][\p{L}\p{N}.+#_'’/-]*$/u;
const POSSESSIVE = /['’]s?$/u;
/** In a heading all words are capitals, which then say nothing. */
const HEADING_WORDS = 4;
const HEADING_SHARE = 0.6;

/**
 * Reads the names and verbs of an English text by the word classes that compromise gives: proper names, which it knows
 * as persons, organisations and places, and others by their form. It knows few names and no meaning: a rule of thumb.
 */
export function readEnglish(text: string, offset: number): SentenceReading[] {
  // With the lemmas of verbs; its types do not show what its terms are.
  const prose = text.replaceAll(MARKUP, (marks) => ' '.repeat(marks.length)).replaceAll('|', ';');
  const parsed = nlp(prose).compute('root') as unknown as { document: readonly (readonly ParsedTerm[])[] };
  const sentences = placeTerms(prose, offset, parsed.document);
  const seen = capitalsInside(sentences);
  return sentences.map((terms) => ({ names: namesOf(terms, seen), verbs: verbsOf(terms) }));
}

/** Its terms have lost their places; they are found again in their order. */
function placeTerms(text: string, offset: number, document: readonly (readonly ParsedTerm[])[]): Term[][] {
  let position = 0;
  return document.map((sentence) =>
    sentence.flatMap(({ text: word, pre, post, normal, root, tags }) => {
      const found = word === '' ? -1 : text.indexOf(word, position);
      if (found === -1) return [];
      position = found + word.length;
      const place = { start: found + offset, end: position + offset };
      return [{ text: word, pre, post, normal, tags, ...place, ...(root !== undefined && { root }) }];
    }),
  );
}

/** Words with a capital that no sentence begins with: at the beginning of another they are names too. */
function capitalsInside(sentences: readonly (readonly Term[])[]): Set<string> {
  const words = sentences
    .filter((terms) => !isHeading(terms))
    .flatMap((terms) => terms.filter((_, index) => !isFirst(terms, index)));
  return new Set(
    words.filter(({ text }) => CAPITAL.test(text)).map(({ text }) => text.replace(POSSESSIVE, '')),
  );
}

function isHeading(terms: readonly Term[]): boolean {
  if (/[.!?]/.test(terms.at(-1)?.post ?? '')) return false;
  const capitals = terms.filter(({ text }) => CAPITAL.test(text)).length;
  return terms.length >= HEADING_WORDS && capitals / terms.length > HEADING_SHARE;
}

function namesOf(terms: readonly Term[], seen: ReadonlySet<string>): SentenceName[] {
  const isInHeading = isHeading(terms);
  const names: SentenceName[] = [];
  let open: OpenName | undefined;
  const close = () => {
    const name = open && toName(open, terms);
    if (name) names.push(name);
    open = undefined;
  };
  terms.forEach((term, index) => {
    const kind = kindOf(term);
    const isName = kind !== undefined ? looksLikeName(term) : isUnknownName(terms, index, isInHeading, seen);
    const goesOn = open !== undefined && continues(open, term, terms[index + 1], kind, isName);
    if (!goesOn) close();
    if (open && goesOn) {
      open.terms.push(term);
      open.kind ??= kind;
    } else if (isName) open = { terms: [term], kind };
    if (endsName(term)) close();
  });
  close();
  return names;
}

function kindOf({ tags }: Term): EntityType | undefined {
  return KIND_OF_TAG.find(([tag]) => tags.has(tag))?.[1];
}

function looksLikeName({ text, tags }: Term): boolean {
  return !tags.has('Determiner') && NAME_FORM.test(text) && (CAPITAL.test(text) || PRODUCT_FORM.test(text));
}

/** Whether a word that compromise does not know is part of a name, by how it is written and where. */
function isUnknownName(
  terms: readonly Term[],
  index: number,
  isInHeading: boolean,
  seen: ReadonlySet<string>,
): boolean {
  const term = terms[index];
  if (!term || !NAME_FORM.test(term.text) || NEVER_A_NAME.some((tag) => term.tags.has(tag))) return false;
  if (PRODUCT_FORM.test(term.text)) return term.text.length > 2 && !term.tags.has('Value');
  if (!CAPITAL.test(term.text) || isInHeading) return false;
  if (!isFirst(terms, index) || ACRONYM.test(term.text)) return true;
  const next = terms[index + 1];
  return seen.has(term.text.replace(POSSESSIVE, '')) || (next !== undefined && startsWithName(term, next));
}

/** Whether a word begins a sentence, a cell of a table, or what is said behind a colon: a capital there says nothing. */
function isFirst(terms: readonly Term[], index: number): boolean {
  const isDivided = /[;:]/.test((terms[index - 1]?.post ?? '') + (terms[index]?.pre ?? ''));
  return isDivided || !terms.slice(0, index).some(({ text }) => HAS_LETTER.test(text));
}

/** A sentence that begins with two capitals begins with a name: "Satya Nadella", "World War". */
function startsWithName(first: Term, next: Term): boolean {
  return (
    first.tags.has('Noun') &&
    /^\s*$/.test(first.post) &&
    CAPITAL.test(next.text) &&
    next.tags.has('ProperNoun')
  );
}

/** Whether a term is still of the name before it. */
function continues(
  open: OpenName,
  term: Term,
  next: Term | undefined,
  kind: EntityType | undefined,
  isName: boolean,
): boolean {
  const last = open.terms.at(-1);
  if (last === undefined || term.pre.trim() !== '') return false;
  if (term.tags.has('RomanNumeral') || term.tags.has('NumericValue'))
    return /^([IVX]+|\d{1,4})$/.test(term.text);
  if (term.text === 'of' && HEAD_OF.test(last.text)) return next !== undefined && CAPITAL.test(next.text);
  if (last.text === 'of') return CAPITAL.test(term.text);
  // "University of Paris", "van Rossum": small words in it are known as part of it.
  if (kind !== undefined && kind === open.kind) return true;
  return isName && (kind === undefined || open.kind === undefined);
}

/** A name ends before a comma, a bracket, the end of a sentence, and behind a possessive. */
function endsName({ text, post, tags }: Term): boolean {
  if (POSSESSIVE.test(text)) return true;
  return post.trim() !== '' && !/^-$/.test(post) && !(tags.has('Abbreviation') && /^\. *$/.test(post));
}

function toName({ terms, kind }: OpenName, sentence: readonly Term[]): SentenceName | undefined {
  const words = terms.filter(({ text, tags }) => text !== '&' && !tags.has('Honorific'));
  const first = words[0];
  const last = terms.at(-1);
  if (!first || !last || (words.length === 1 && first.text.length < 2)) return undefined;
  const end = last.end - (POSSESSIVE.exec(last.text)?.[0].length ?? 0);
  const before = wordBefore(sentence, terms[0] ?? first);
  const isAgent = before?.normal === 'by';
  const isCircumstance = !isAgent && before?.tags.has('Preposition') === true;
  return { type: typeOf(words, kind), start: first.start, end, isAgent, isCircumstance };
}

function typeOf(words: readonly Term[], kind: EntityType | undefined): EntityType {
  if (words.some(({ text }) => EVENT.test(text))) return 'event';
  if (words.some(({ text }) => LEGAL_FORM.test(text))) return 'organisation';
  if (words[1]?.text === 'of') return 'organisation';
  if (kind !== undefined) return kind;
  const isProduct = words.some(({ text, tags }) => PRODUCT_FORM.test(text) || tags.has('NumericValue'));
  return isProduct ? 'product' : 'concept';
}

/** The word before a name, and before its article. */
function wordBefore(sentence: readonly Term[], first: Term): Term | undefined {
  const index = sentence.indexOf(first);
  const before = sentence[index - 1];
  return before?.tags.has('Determiner') ? sentence[index - 2] : before;
}

/** The verbs that say something; "is" and "has" only where no other follows them. */
function verbsOf(terms: readonly Term[]): SentenceVerb[] {
  return terms.flatMap((term, index) => {
    if (!term.tags.has('Verb') || term.tags.has('Auxiliary') || term.tags.has('Modal')) return [];
    const next = terms[index + 1];
    if (term.tags.has('Copula') && next?.tags.has('Verb')) return [];
    const base = baseOf(term);
    const isPassive = term.tags.has('Passive');
    const preposition = next?.tags.has('Preposition') && next.normal !== 'by' ? ` ${next.normal}` : '';
    return [{ start: term.start, base, label: base + preposition, isPassive }];
  });
}

function baseOf({ tags, root, normal }: Term): string {
  if (tags.has('Copula')) return 'be';
  if (root !== undefined || !tags.has('Participle')) return root ?? normal;
  // It gives no lemma of "written" by itself.
  return nlp(`was ${normal}`).verbs().toInfinitive().text('normal') || normal;
}
