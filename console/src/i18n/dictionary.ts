/** The languages of the console. */
export const languages = ['en', 'zh'] as const;
export type Language = (typeof languages)[number];

/** What a text may be: a sentence, a sentence made of values, or a group of texts. */
export interface Texts {
  readonly [key: string]: Text;
}
// oxlint-disable-next-line typescript/no-explicit-any -- any function that makes a sentence
type Text = string | ((...values: any[]) => string) | Texts;

/** The same texts in another language: a missing or surplus key is a type error. */
type Translated<T> = T extends string
  ? string
  : T extends (...values: infer Values) => string
    ? (...values: Values) => string
    : { readonly [K in keyof T]: Translated<T[K]> };

/** The texts of one page or component in all languages. */
export interface Dictionary<T extends Texts> {
  readonly en: T;
  readonly zh: Translated<T>;
}

/** Declares the texts of a page: English decides the keys, Chinese has to have all of them. */
export function defineTexts<T extends Texts>(en: T, zh: NoInfer<Translated<T>>): Dictionary<T> {
  return { en, zh };
}

/** Looks up a text by a name that came from the server, such as a `reason_code`. */
export function textNamed(texts: Texts, name: string): string | undefined {
  const text = Object.hasOwn(texts, name) ? texts[name] : undefined;
  return typeof text === 'string' ? text : undefined;
}
