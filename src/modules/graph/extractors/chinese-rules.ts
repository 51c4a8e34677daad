import { Jieba } from '@node-rs/jieba';
import { dict } from '@node-rs/jieba/dict.js';
import type { EntityType } from '../domain/entity.js';
import type { SentenceName, SentenceReading, SentenceVerb } from '../domain/sentence.js';

interface Token {
  readonly word: string;
  /** The word class of jieba's dictionary; `x` for what it does not know. */
  readonly tag: string;
  readonly start: number;
  readonly end: number;
}

/** A name of tokens, from the first to the one behind the last. */
interface TokenName {
  readonly type: EntityType;
  readonly from: number;
  readonly to: number;
}

/** The commas divide what is said of one from what is said of another. */
const SENTENCE = /[^。！？!?；;，,\n]+/gu;
const HAN = /^\p{scx=Han}+$/u;
const ORGANISATION =
  /(公司|集团|大学|学院|银行|医院|研究院|研究所|委员会|协会|学会|基金会|出版社|电视台|实验室|联盟|法院|工厂|中学|小学|科学院|博物馆)$/u;
const EVENT =
  /(运动会|奥运会|世界杯|战争|大战|战役|峰会|大会|会议|革命|起义|事件|博览会|锦标赛|联赛|地震|电影节)$/u;
const MOST_COMMON_SURNAMES =
  '王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段钱汤尹黎易常武乔贺赖龚文欧阳司马诸葛';
/** jieba puts these to the end of names that it does not know. */
const PARTICLES = /[于在和与是的了对向把被为从由说]$/u;
/** Verbs that say only how another one is meant. */
const AUXILIARIES = new Set(
  '会 能 可以 可能 要 应 应该 将 想 需要 必须 到 去 来 让 使 有 没有 开始 进行 能够'.split(' '),
);
/** "被" and "由" turn the verb round: who comes next does it. */
const PASSIVE = new Set(['被', '由']);
/** What stands before where, when or whose something is. */
const CIRCUMSTANCE = new Set(['在', '于', '从', '自', '到', '向', '对', '为', '据']);
const PROPER = /^(ns|nt|nz|nr|nrt|nrfg|x|eng|j)$/;
const JOINABLE = /^(ns|nt|nz|nr|nrt|nrfg|x|eng|j|n|vn|m)$/;
const MAX_JOINED = 4;
const MIN_CONCEPT_LENGTH = 4;

let jieba: Jieba | undefined;

/**
 * Reads the names and verbs of a Chinese text by the word classes of jieba's dictionary and by what names of
 * organisations and events end with. It knows what its dictionary knows, and no meaning: a rule of thumb.
 */
export function readChinese(text: string, offset: number): SentenceReading[] {
  // Five megabytes of dictionary, which a process that reads no Chinese need not have.
  jieba ??= Jieba.withDict(dict);
  const sentences: SentenceReading[] = [];
  for (const { 0: sentence, index } of text.matchAll(SENTENCE)) {
    sentences.push(readTokens(placeTokens(jieba.tag(sentence, true), offset + index)));
  }
  return sentences;
}

function placeTokens(tagged: readonly { word: string; tag: string }[], offset: number): Token[] {
  let position = offset;
  return tagged.flatMap(({ word, tag }) => {
    const start = position;
    position += word.length;
    // "于" or "在" behind a name that it does not know are words of their own.
    const rest = tag === 'x' && word.length > 2 && HAN.test(word) ? word.replace(PARTICLES, '') : word;
    const token = { word: rest, tag, start, end: start + rest.length };
    if (rest === word) return [token];
    return [token, { word: word.slice(rest.length), tag: 'p', start: token.end, end: position }];
  });
}

function readTokens(tokens: readonly Token[]): SentenceReading {
  const found = namesIn(tokens);
  const names = found.flatMap(({ type, from, to }): SentenceName[] => {
    const [first, last] = [tokens[from], tokens[to - 1]];
    if (!first || !last) return [];
    const before = tokens[from - 1]?.word ?? '';
    const isAgent = PASSIVE.has(before);
    return [{ type, start: first.start, end: last.end, isAgent, isCircumstance: CIRCUMSTANCE.has(before) }];
  });
  return { names, verbs: verbsOf(tokens, found) };
}

/** Names from the left to the right, at each place the longest. */
function namesIn(tokens: readonly Token[]): TokenName[] {
  const names: TokenName[] = [];
  for (let from = 0; from < tokens.length;) {
    const name =
      titleAt(tokens, from) ?? joinedAt(tokens, from) ?? personAt(tokens, from) ?? singleAt(tokens, from);
    if (name) names.push(name);
    from = name?.to ?? from + 1;
  }
  return names;
}

/** What stands in the brackets of titles is a work. */
function titleAt(tokens: readonly Token[], from: number): TokenName | undefined {
  if (tokens[from - 1]?.word !== '《') return undefined;
  const length = tokens.slice(from).findIndex(({ word }) => word === '》');
  return length > 0 && length <= 12 ? { type: 'product', from, to: from + length } : undefined;
}

/** Organisations and events by their last word: 阿里巴巴 + 集团. Also names in Latin letters: Mate 60. */
function joinedAt(tokens: readonly Token[], from: number): TokenName | undefined {
  const first = tokens[from];
  if (!first || !PROPER.test(first.tag) || !isWord(first)) return undefined;
  for (let to = Math.min(from + MAX_JOINED, tokens.length); to > from; to--) {
    const run = tokens.slice(from, to);
    const type = run.every(isJoinable) ? typeByEnd(run) : undefined;
    if (type) return { type, from, to };
  }
  return first.tag === 'eng' ? latinAt(tokens, from) : undefined;
}

function isJoinable(token: Token): boolean {
  return JOINABLE.test(token.tag) && isWord(token);
}

/** Signs and blanks have the class of unknown words. */
function isWord({ word }: Token): boolean {
  return /[\p{L}\p{N}]/u.test(word);
}

function typeByEnd(run: readonly Token[]): EntityType | undefined {
  const last = run.at(-1)?.word ?? '';
  for (const [pattern, type] of [
    [ORGANISATION, 'organisation'],
    [EVENT, 'event'],
  ] as const) {
    const end = pattern.exec(last)?.[0];
    if (end !== undefined && (run.length > 1 || last.length > end.length)) return type;
  }
  return undefined;
}

function latinAt(tokens: readonly Token[], from: number): TokenName | undefined {
  let to = from + 1;
  for (let next = to; next < tokens.length; next++) {
    const { word, tag } = tokens[next] ?? { word: '', tag: '' };
    const isPart = tag === 'eng' || (tag === 'm' && /^[\d.]+$/.test(word));
    if (isPart) to = next + 1;
    else if (!/^[ .\-_]$/.test(word)) break;
  }
  const written = tokens
    .slice(from, to)
    .map(({ word }) => word)
    .join('');
  if (written.length < 2 || !/[\p{Lu}\d]/u.test(written)) return undefined;
  return { type: /\d|\p{Ll}\p{Lu}/u.test(written) ? 'product' : 'concept', from, to };
}

/** 蔡 + 崇信, 弗拉基米尔 + · + 普京, and what has the form of a name: 张伟. */
function personAt(tokens: readonly Token[], from: number): TokenName | undefined {
  const first = tokens[from];
  if (!first || !HAN.test(first.word)) return undefined;
  const isKnown = first.tag.startsWith('nr');
  if (isKnown && tokens[from + 1]?.word === '·' && /^(nr|x|ns)/.test(tokens[from + 2]?.tag ?? ''))
    return { type: 'person', from, to: from + 3 };
  const isSurname = MOST_COMMON_SURNAMES.includes(first.word.charAt(0));
  const next = tokens[from + 1];
  if (
    first.word.length === 1 &&
    isKnown &&
    isSurname &&
    next &&
    /^(nr|x)/.test(next.tag) &&
    next.word.length <= 2
  )
    return HAN.test(next.word) ? { type: 'person', from, to: from + 2 } : undefined;
  if (first.word.length < 2 || first.word.length > 4) return undefined;
  const hasForm = first.tag === 'x' && isSurname && first.word.length <= 3;
  return first.tag === 'nrt' || (isKnown && isSurname) || hasForm
    ? { type: 'person', from, to: from + 1 }
    : undefined;
}

function singleAt(tokens: readonly Token[], from: number): TokenName | undefined {
  const token = tokens[from];
  if (!token || token.word.length < 2) return undefined;
  const type = typeOfToken(token);
  return type && { type, from, to: from + 1 };
}

function typeOfToken({ word, tag }: Token): EntityType | undefined {
  if (tag === 'nt') return 'organisation';
  if (tag === 'ns') return 'place';
  if (tag === 'nz' && HAN.test(word)) return 'concept';
  return (tag === 'n' || tag === 'l') && HAN.test(word) && word.length >= MIN_CONCEPT_LENGTH
    ? 'concept'
    : undefined;
}

/** 是 says something only where no other verb does. */
function verbsOf(tokens: readonly Token[], names: readonly TokenName[]): SentenceVerb[] {
  const isInName = (index: number) => names.some(({ from, to }) => index >= from && index < to);
  const verbs: SentenceVerb[] = [];
  let passive: Token | undefined;
  tokens.forEach((token, index) => {
    if (PASSIVE.has(token.word)) passive = token;
    const isVerb = token.tag === 'v' && !AUXILIARIES.has(token.word) && !isInName(index);
    if (!isVerb) return;
    // The verb of "A 被 B 收购" stands behind both; it is put where "was bought by" has it.
    const { start } = passive ?? token;
    verbs.push({ start, base: token.word, label: token.word, isPassive: passive !== undefined });
    passive = undefined;
  });
  const telling = verbs.filter(({ base }) => base !== '是');
  return telling.length > 0 ? telling : verbs;
}
