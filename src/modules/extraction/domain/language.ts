/** Enough to tell; the beginnings of documents are often covers, so it is taken from the middle too. */
const SAMPLE_CHARACTERS = 20_000;
/** Of the letters. Chinese text names many things in Latin letters, and a Chinese word has fewer letters. */
const MIN_HAN_SHARE = 0.3;
/** Japanese is written with kana among the Han characters; a Chinese text quotes at most a few. */
const MAX_KANA_PER_HAN = 0.1;
/** English text has about every third word among these; other languages have hardly any. */
const MIN_ENGLISH_SHARE = 0.12;
const ENGLISH =
  /^(?:the|of|and|to|in|is|that|for|it|as|with|on|was|are|be|this|by|from|at|an|or|not|have|which|you|we|they|its|has|can|will|but|if)$/;

/** What a text is written in: `zh`, `en`, or null for another language or too little text to tell. */
export function languageOf(text: string): 'zh' | 'en' | null {
  const middle = Math.floor(text.length / 2);
  const sample =
    text.length <= 2 * SAMPLE_CHARACTERS
      ? text
      : text.slice(0, SAMPLE_CHARACTERS) + text.slice(middle, middle + SAMPLE_CHARACTERS);
  const letters = countOf(sample, /\p{L}/gu);
  if (letters === 0) return null;
  const han = countOf(sample, /\p{Script=Han}/gu);
  if (han / letters >= MIN_HAN_SHARE) {
    return countOf(sample, /[\p{Script=Hiragana}\p{Script=Katakana}]/gu) > han * MAX_KANA_PER_HAN
      ? null
      : 'zh';
  }
  const words = sample.toLowerCase().match(/\p{L}+/gu) ?? [];
  const english = words.filter((word) => ENGLISH.test(word)).length;
  return english / words.length >= MIN_ENGLISH_SHARE ? 'en' : null;
}

function countOf(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
