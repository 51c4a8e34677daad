const HAN = /\p{Script=Han}/gu;
const LATIN = /\p{Script=Latin}/gu;

/** What most letters of a text are: Chinese, or of an alphabet that English has; null if it has neither. */
export function languageOf(text: string): 'zh' | 'en' | null {
  const han = text.match(HAN)?.length ?? 0;
  // A Chinese character says about as much as two letters.
  const latin = (text.match(LATIN)?.length ?? 0) / 2;
  if (han === 0 && latin === 0) return null;
  return han >= latin ? 'zh' : 'en';
}
